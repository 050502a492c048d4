# The original's runs are JSON and the room itself knows no format.
target_link_libraries(test_speedup PRIVATE format base)
