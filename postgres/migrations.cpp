#include "postgres/migrations.hpp"

#include "core/base/encoding.hpp"
#include "core/base/log.hpp"
#include "core/event/digest.hpp"

namespace sealstream {

std::span<const EmbeddedFile> postgres_migrations(); // generated: cmake/embed.cmake

namespace {

// Any fixed number of our own; all programs that migrate this schema use the same.
constexpr const char* lock_migrations = "SELECT pg_advisory_lock(6005718190211)";
constexpr const char* unlock = "SELECT pg_advisory_unlock(6005718190211)";

constexpr const char* prepare = "CREATE SCHEMA IF NOT EXISTS sealstream;"
                                "CREATE TABLE IF NOT EXISTS sealstream.migrations ("
                                "  name text PRIMARY KEY, sha256 text NOT NULL,"
                                "  applied_at timestamptz NOT NULL DEFAULT clock_timestamp())";

// A process migrates once and then relies on it, so a crash of the server must not take it back.
constexpr const char* keep = "SET LOCAL synchronous_commit = on";

Result<void> apply(Connection& connection, const EmbeddedFile& file, const std::string& checksum)
{
    SEAL_TRY(transaction, Transaction::begin(connection));
    const auto kept = connection.run_script(keep);
    if (!kept) {
        return kept.error();
    }
    const auto run = connection.run_script(std::string{file.text});
    if (!run) {
        return with_context(run.error(), file.name);
    }
    const auto recorded =
        connection.run("INSERT INTO sealstream.migrations (name, sha256) VALUES ($1, $2)",
                       {std::string{file.name}, checksum});
    if (!recorded) {
        return recorded.error();
    }
    return transaction.commit();
}

Result<MigrationReport> migrate_locked(Connection& connection, std::span<const EmbeddedFile> files)
{
    const auto prepared = connection.run_script(prepare);
    if (!prepared) {
        return prepared.error();
    }
    SEAL_TRY(recorded,
             connection.run("SELECT name, sha256 FROM sealstream.migrations ORDER BY name"));
    if (recorded.rows() > files.size()) {
        return Error{Errc::unsupported, "the database was migrated by a newer version"};
    }
    MigrationReport report{0, files.size()};
    for (std::size_t at = 0; at < files.size(); ++at) {
        const std::string checksum = to_hex(sha256(as_bytes(files[at].text)).view());
        if (at >= recorded.rows()) {
            const auto applied = apply(connection, files[at], checksum);
            if (!applied) {
                return applied.error();
            }
            log(Level::info, "postgres.migrated", "postgres", {{"migration", files[at].name}});
            ++report.applied;
        } else if (recorded.text(at, 0) != files[at].name || recorded.text(at, 1) != checksum) {
            return Error{Errc::unsupported, "migration " + std::string{recorded.text(at, 0)} +
                                                " was applied with other text"};
        }
    }
    return report;
}

} // namespace

Result<MigrationReport> migrate(Connection& connection, std::span<const EmbeddedFile> files)
{
    const auto locked = connection.run(lock_migrations);
    if (!locked) {
        return with_context(locked.error(), "waiting for another migration");
    }
    auto report = migrate_locked(connection, files);
    const auto unlocked = connection.run(unlock); // a broken session has lost its lock anyway
    if (report && !unlocked) {
        return unlocked.error();
    }
    return report;
}

Result<MigrationReport> migrate(Connection& connection)
{
    return migrate(connection, postgres_migrations());
}

} // namespace sealstream
