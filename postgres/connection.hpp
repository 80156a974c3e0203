#pragma once

// One session with Postgres, used by one thread at a time; every call blocks. Failures are values:
// libpq is the client library underneath, and it does not throw.
//
// Values are always bound, never written into SQL text. A connection that broke stays broken.

#include "core/base/bytes.hpp"
#include "core/base/result.hpp"
#include "postgres/options.hpp"
#include "postgres/sql_result.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

struct pg_conn;

namespace sealstream {

// A bound value as text; empty optional is NULL.
using SqlValue = std::optional<std::string>;
using SqlValues = std::vector<SqlValue>;

class Connection {
public:
    //   unavailable   nobody answers in time, or it refuses us; the context says why
    [[nodiscard]] static Result<std::unique_ptr<Connection>> open(const PostgresOptions& options);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    // One statement; the codes are those of errc_of_sqlstate().
    //   malformed   a value holds a NUL character, which SQL text can not
    [[nodiscard]] Result<SqlResult> run(const std::string& sql, const SqlValues& values = {},
                                        SqlFormat format = SqlFormat::text);

    // The same for statements that come often: parsed and planned once a session. `sql` is a
    // constant.
    [[nodiscard]] Result<SqlResult> run_prepared(const std::string& sql,
                                                 const SqlValues& values = {},
                                                 SqlFormat format = SqlFormat::text);

    // Any number of statements in one go, without values; for migrations and SET.
    [[nodiscard]] Result<void> run_script(const std::string& sql);

    // COPY … FROM STDIN: all of `bytes` in the statement's format.
    [[nodiscard]] Result<void> copy_in(const std::string& sql, ByteView bytes);

    // COMMIT of the open transaction; codes of errc_of_commit().
    //   outcome_unknown   it may have happened
    //   overloaded        the transaction had failed before and is rolled back
    [[nodiscard]] Result<void> commit();

    // Ends what is open, without a word; for destructors.
    void roll_back() noexcept;

    // Text for run_script() that ends whatever foreign SQL may have left in this session: cursors,
    // prepared statements (ours too: they are made again), settings, LISTEN, advisory locks. May
    // stand inside a transaction; temporary tables stay.
    [[nodiscard]] std::string reset_script();

    // Of the last statement that failed; empty when the connection broke.
    [[nodiscard]] const std::string& last_sqlstate() const noexcept { return last_sqlstate_; }

    // Notifications that have arrived for LISTENed channels; never blocks.
    //   unavailable   the connection is broken
    [[nodiscard]] Result<std::size_t> take_notifications();

    [[nodiscard]] int socket() const noexcept; // for waiting until something arrives
    [[nodiscard]] bool is_broken() const noexcept;
    [[nodiscard]] bool is_idle() const noexcept;       // usable, and no transaction is open
    [[nodiscard]] int server_version() const noexcept; // 150004 = 15.4
    [[nodiscard]] int backend_pid() const noexcept;    // of the server's process for this session

private:
    explicit Connection(pg_conn* session) : session_{session} {}
    [[nodiscard]] Result<SqlResult> checked(pg_result* result);
    [[nodiscard]] Result<std::string> prepared(const std::string& sql);

    pg_conn* session_;
    std::map<std::string, std::string> prepared_; // text of a statement -> its name
    std::string settings_;                        // what open() has set
    std::string last_sqlstate_;
};

// A transaction that is rolled back unless it was committed.
class Transaction {
public:
    [[nodiscard]] static Result<Transaction> begin(Connection& connection);
    ~Transaction();
    Transaction(Transaction&& other) noexcept
        : connection_{std::exchange(other.connection_, nullptr)}
    {
    }
    Transaction& operator=(Transaction&&) = delete;

    [[nodiscard]] Result<void> commit();

private:
    explicit Transaction(Connection& connection) : connection_{&connection} {}
    Connection* connection_;
};

// "{"a","b"}": a text form of an array that is bound as one value.
[[nodiscard]] std::string sql_array(const std::vector<std::string>& elements);

} // namespace sealstream
