# The proof that it holds: real processes, killed, stopped, and their files edited.
add_library(sealstream_test_cluster STATIC
    support/appender_client.cpp support/block_file.cpp support/cluster.cpp
    support/highway_hash.cpp support/http_client.cpp support/ledger_invariants.cpp
    support/ledger_view.cpp support/process.cpp)
target_link_libraries(sealstream_test_cluster
    PUBLIC sealstream_jetstream sealstream_nats_servers sealstream_postgres_server
           sealstream_projections sealstream_test_support)
sealstream_use_pch(sealstream_test_cluster asio)
sealstream_test(highway_hash_test PCH asio LABELS unit
    SOURCES highway_hash_test.cpp
    DEPENDS sealstream_test_cluster)

sealstream_test(jetstream_failure_test PCH asio LABELS integration cluster TIMEOUT 300
    SOURCES jetstream_failure_test.cpp support/fake_nats_server.cpp
    DEPENDS sealstream_test_cluster sealstream_test_ports sealstream_test_events PkgConfig::libnats)

sealstream_test(crash_test PCH asio LABELS integration crash TIMEOUT 600
    SOURCES crash_test.cpp
    DEPENDS sealstream_test_cluster)
