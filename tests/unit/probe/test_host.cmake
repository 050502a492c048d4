target_link_libraries(test_host PRIVATE format) # checks the JSON with a real reader
