target_sources(test_net_tls PRIVATE "${dir}/harness.c" "${dir}/player.c" "${dir}/tls_server.c")
