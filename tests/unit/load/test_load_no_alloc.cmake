target_sources(test_load_no_alloc PRIVATE "${tests_dir}/unit/net/player.c")
target_link_options(test_load_no_alloc PRIVATE -Wl,--wrap=recvmsg -Wl,--wrap=malloc -Wl,--wrap=calloc -Wl,--wrap=realloc
  -Wl,--wrap=free -Wl,--wrap=chunk_list_add)
