target_sources(test_net_client PRIVATE "${dir}/harness.c" "${dir}/player.c")
