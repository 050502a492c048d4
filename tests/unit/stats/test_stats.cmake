# The vectors are JSON and the room itself knows no format.
target_link_libraries(test_stats PRIVATE format base)
