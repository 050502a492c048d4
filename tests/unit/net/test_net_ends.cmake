target_sources(test_net_ends PRIVATE "${dir}/harness.c" "${dir}/player.c")
