# Real servers: alone on the machine, with time for a cold disk, and with the engine of this build.
set_tests_properties(test_real_servers PROPERTIES LABELS real TIMEOUT 600 RUN_SERIAL ON)
set_target_properties(test_real_servers PROPERTIES EXCLUDE_FROM_ALL OFF)
if(TARGET chimera-engine)
  add_dependencies(test_real_servers chimera-engine)
endif()
