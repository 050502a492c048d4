target_sources(test_shards PRIVATE "${tests_dir}/unit/net/player.c")
