target_link_libraries(test_sampler PRIVATE format) # checks the JSON with a real reader
