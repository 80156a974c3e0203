#include "bench/postgres_rivals.hpp"

#include "bench/bench_support.hpp"

#include <cstdlib>
#include <fstream>
#include <iostream>

namespace sealstream::bench {

namespace {

namespace fs = std::filesystem;

testing::PostgresServerOptions synced_server()
{
    testing::PostgresServerOptions options;
    options.is_synced = true;
    options.settings = {"max_connections=300", "shared_buffers=256MB", "max_wal_size=4GB"};
    return options;
}

// Debian keeps a version's programs in a folder of their own; the newest.
fs::path newest_tools()
{
    fs::path newest;
    std::error_code ignored;
    for (const auto& version : fs::directory_iterator{"/usr/lib/postgresql", ignored}) {
        const auto folder = version.path() / "bin";
        if (fs::exists(folder / "pgbench") && folder.string() > newest.string()) {
            newest = folder;
        }
    }
    return newest;
}

constexpr const char* write_message = R"(\set version :version + 1
SELECT write_message(gen_random_uuid()::text, 'load-' || :run || 'x' || :client_id, 'LoadMeasured',
    '{"text":":payload"}'::jsonb, NULL, :version);
)";

constexpr const char* insert_row = R"(\set version :version + 1
INSERT INTO events (stream, version, id, type, data)
VALUES ('load-' || :run || 'x' || :client_id, :version + 1, gen_random_uuid(), 'LoadMeasured',
    '{"text":":payload"}'::jsonb);
)";

constexpr const char* events_table = R"(CREATE TABLE events (
    stream text NOT NULL, version bigint NOT NULL, position bigserial UNIQUE, id uuid UNIQUE NOT NULL,
    type text NOT NULL, data jsonb NOT NULL, appended timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (stream, version)))";

std::string with_payload(std::string script, std::size_t bytes)
{
    const std::string mark = ":payload";
    return script.replace(script.find(mark), mark.size(), std::string(bytes, 'x'));
}

} // namespace

PostgresRivals::PostgresRivals(RivalOptions options)
    : options_{options},
      server_{synced_server()},
      tools_{newest_tools()}
{
    make_table();
    install_message_db();
}

std::string PostgresRivals::environment(const std::string& database) const
{
    return "PATH=" + tools_.string() +
           ":$PATH PGHOST=127.0.0.1 PGPORT=" + std::to_string(server_.port()) +
           " PGUSER=sealstream PGDATABASE=" + database +
           " PGOPTIONS='-c search_path=message_store,public -c client_min_messages=warning -c "
           "synchronous_commit=" +
           (options_.is_synced ? "on" : "off") + "' ";
}

void PostgresRivals::make_table()
{
    const auto made = run(environment("postgres") + "psql -q -v ON_ERROR_STOP=1 -c \"" +
                          events_table + "\" 2>&1");
    if (made.exit_code != 0) {
        std::cerr << "bench: no table: " << made.output << std::endl;
    }
}

void PostgresRivals::install_message_db()
{
    auto peer = run("python3 -B " SEALSTREAM_PEERS " need message-db 2>&1");
    peer.output.erase(peer.output.find_last_not_of('\n') + 1);
    if (peer.exit_code != 0) {
        missing_ = peer.output;
        return;
    }
    const auto installed =
        run(environment("postgres") + "DATABASE_NAME=message_store bash " + peer.output +
            "/node_modules/@eventide/message-db/database/install.sh 2>&1");
    if (installed.exit_code != 0) {
        missing_ = "install.sh failed";
        std::cerr << installed.output << std::endl;
    }
}

double PostgresRivals::message_db(std::size_t clients)
{
    return missing_.empty() ? pgbench("message_store", write_message, clients) : 0;
}

double PostgresRivals::plain_table(std::size_t clients)
{
    return pgbench("postgres", insert_row, clients);
}

double PostgresRivals::pgbench(const std::string& database, const std::string& script,
                               std::size_t clients)
{
    const fs::path file =
        fs::temp_directory_path() / ("sealstream-bench-" + std::to_string(server_.port()) + ".sql");
    std::ofstream{file} << with_payload(script, options_.payload_bytes);
    const auto ended =
        run(environment(database) + "pgbench -n -M prepared -j 1 -c " + std::to_string(clients) +
            " -T " + std::to_string(static_cast<int>(options_.seconds + 0.5)) +
            " -D version=-2 -D run=" + std::to_string(++runs_) + " -f " + file.string() + " 2>&1");
    fs::remove(file);
    const std::string mark = "\ntps = ";
    const auto at = ended.output.find(mark);
    const bool has_failed = ended.exit_code != 0 || at == std::string::npos ||
                            ended.output.find("aborted") != std::string::npos;
    if (has_failed) {
        std::cerr << "bench: pgbench: " << ended.output << std::endl;
        return 0;
    }
    return std::atof(ended.output.c_str() + at + mark.size());
}

} // namespace sealstream::bench
