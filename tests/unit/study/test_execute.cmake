# Its servers are the reference server in a process of its own: this program, called again.
target_link_libraries(test_execute PRIVATE stub)
