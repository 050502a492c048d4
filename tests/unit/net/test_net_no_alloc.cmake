target_sources(test_net_no_alloc PRIVATE "${dir}/harness.c" "${dir}/player.c")
target_link_options(test_net_no_alloc PRIVATE -Wl,--wrap=recvmsg -Wl,--wrap=malloc -Wl,--wrap=calloc -Wl,--wrap=realloc
  -Wl,--wrap=free -Wl,--wrap=write -Wl,--wrap=vsnprintf -Wl,--wrap=snprintf -Wl,--wrap=epoll_ctl)
