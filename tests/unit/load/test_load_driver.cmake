target_sources(test_load_driver PRIVATE "${tests_dir}/unit/net/player.c") # the scripted server
