target_sources(test_net_faults PRIVATE "${dir}/harness.c" "${dir}/player.c")
target_link_options(test_net_faults PRIVATE -Wl,--wrap=recvmsg -Wl,--wrap=sendmsg -Wl,--wrap=connect -Wl,--wrap=socket
  -Wl,--wrap=setsockopt -Wl,--wrap=getsockopt -Wl,--wrap=epoll_ctl -Wl,--wrap=epoll_pwait2)
