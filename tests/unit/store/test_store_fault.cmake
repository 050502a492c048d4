# Calls of our own objects that the test makes fail in turn.
target_link_options(test_store_fault PRIVATE -Wl,--wrap=sqlite3_step -Wl,--wrap=sqlite3_prepare_v2
  -Wl,--wrap=sqlite3_prepare_v3 -Wl,--wrap=sqlite3_open_v2 -Wl,--wrap=flock -Wl,--wrap=renameat2)
