#include "postgres/connection.hpp"

#include "core/base/check.hpp"
#include "postgres/errors.hpp"

#include <libpq-fe.h>

#include <array>
#include <utility>

namespace sealstream {

namespace {

constexpr std::size_t copy_piece_bytes = 1 << 20;
constexpr std::size_t prepared_max = 256; // statements a session; far above what our code has

std::string trimmed(const char* text)
{
    std::string message{text != nullptr ? text : ""};
    while (!message.empty() && (message.back() == '\n' || message.back() == ' ')) {
        message.pop_back();
    }
    return message;
}

std::string sqlstate_of(const PGresult* result)
{
    const char* const state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    return state != nullptr ? state : "";
}

bool is_success(const PGresult* result)
{
    const auto status = PQresultStatus(result);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY;
}

Error failure_of(const PGconn* session, const PGresult* result)
{
    const std::string state = sqlstate_of(result);
    const std::string text = state.empty()
                                 ? trimmed(PQerrorMessage(session))
                                 : trimmed(PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
    return Error{errc_of_sqlstate(state), state.empty() ? text : text + " (" + state + ")"};
}

std::string seconds_of(std::chrono::milliseconds time)
{
    return std::to_string(
        std::max<std::int64_t>(2, (time.count() + 999) / 1000)); // libpq's least is 2
}

Result<std::vector<const char*>> bound(const SqlValues& values)
{
    std::vector<const char*> texts;
    texts.reserve(values.size());
    for (const SqlValue& value : values) {
        if (value && value->find('\0') != std::string::npos) {
            return Error{Errc::malformed, "a NUL character in a value"};
        }
        texts.push_back(value ? value->c_str() : nullptr);
    }
    return texts;
}

std::string session_settings(const PostgresOptions& options)
{
    return "SET client_encoding = 'UTF8'; SET timezone = 'UTC'; SET client_min_messages = warning;"
           "SET statement_timeout = " +
           std::to_string(options.statement_timeout.count());
}

} // namespace

Result<std::unique_ptr<Connection>> Connection::open(const PostgresOptions& options)
{
    const std::string connect = seconds_of(options.connect_timeout);
    const std::string silence = std::to_string(options.silence_max.count());
    const std::string idle = seconds_of(options.silence_max / 3);
    // dbname holds the whole URI; what follows it overrides it.
    const std::array<const char*, 10> keys{
        "dbname",          "fallback_application_name", "connect_timeout",  "tcp_user_timeout",
        "keepalives_idle", "keepalives_interval",       "keepalives_count", nullptr};
    const std::array<const char*, 10> values{options.uri.c_str(),
                                             options.application_name.c_str(),
                                             connect.c_str(),
                                             silence.c_str(),
                                             idle.c_str(),
                                             idle.c_str(),
                                             "2",
                                             nullptr};
    std::unique_ptr<Connection> connection{
        new Connection{PQconnectdbParams(keys.data(), values.data(), 1)}};
    if (PQstatus(connection->session_) != CONNECTION_OK) {
        return Error{Errc::unavailable, trimmed(PQerrorMessage(connection->session_))};
    }
    const auto silent = [](void*, const PGresult*) {};
    PQsetNoticeReceiver(connection->session_, silent, nullptr);
    connection->settings_ = session_settings(options);
    const auto set = connection->run_script(connection->settings_);
    if (!set) {
        return with_context(set.error(), "setting up a session");
    }
    return connection;
}

Connection::~Connection()
{
    PQfinish(session_);
}

Result<SqlResult> Connection::checked(pg_result* result)
{
    SqlResult answer{result};
    if (!is_success(result)) {
        last_sqlstate_ = sqlstate_of(result);
        return failure_of(session_, result);
    }
    return answer;
}

Result<std::string> Connection::prepared(const std::string& sql)
{
    const auto found = prepared_.find(sql);
    if (found != prepared_.end()) {
        return found->second;
    }
    SEAL_CHECK(prepared_.size() < prepared_max, "prepared statements are constants");
    std::string name = "s" + std::to_string(prepared_.size());
    const auto made = checked(PQprepare(session_, name.c_str(), sql.c_str(), 0, nullptr));
    if (!made) {
        return made.error();
    }
    prepared_.emplace(sql, name);
    return name;
}

Result<SqlResult> Connection::run(const std::string& sql, const SqlValues& values, SqlFormat format)
{
    SEAL_TRY(texts, bound(values));
    return checked(PQexecParams(session_, sql.c_str(), static_cast<int>(texts.size()), nullptr,
                                texts.data(), nullptr, nullptr, format == SqlFormat::binary));
}

Result<SqlResult> Connection::run_prepared(const std::string& sql, const SqlValues& values,
                                           SqlFormat format)
{
    SEAL_TRY(texts, bound(values));
    SEAL_TRY(name, prepared(sql));
    return checked(PQexecPrepared(session_, name.c_str(), static_cast<int>(texts.size()),
                                  texts.data(), nullptr, nullptr, format == SqlFormat::binary));
}

Result<void> Connection::run_script(const std::string& sql)
{
    const auto done = checked(PQexec(session_, sql.c_str()));
    if (!done) {
        return done.error();
    }
    return {};
}

Result<void> Connection::copy_in(const std::string& sql, ByteView bytes)
{
    const SqlResult started{PQexec(session_, sql.c_str())};
    if (PQresultStatus(started.get()) != PGRES_COPY_IN) {
        return failure_of(session_, started.get());
    }
    bool is_sent = true;
    while (is_sent && !bytes.empty()) {
        const ByteView piece = bytes.first(std::min(bytes.size(), copy_piece_bytes));
        is_sent =
            PQputCopyData(session_, as_text(piece).data(), static_cast<int>(piece.size())) == 1;
        bytes = bytes.subspan(piece.size());
    }
    is_sent = PQputCopyEnd(session_, is_sent ? nullptr : "not all could be sent") == 1 && is_sent;
    Result<void> outcome = is_sent ? Result<void>{} : Error{Errc::unavailable, "COPY broke off"};
    // The server's own words come now, and there is always a last, empty result.
    while (PGresult* const raw = PQgetResult(session_)) {
        const SqlResult last{raw};
        if (!is_success(raw)) {
            outcome = failure_of(session_, raw);
        }
    }
    return outcome;
}

Result<void> Connection::commit()
{
    const SqlResult answer{PQexec(session_, "COMMIT")};
    if (!is_success(answer.get())) {
        const Error failure = failure_of(session_, answer.get());
        return Error{errc_of_commit(sqlstate_of(answer.get())), "commit: " + failure.context};
    }
    if (std::string_view{PQcmdStatus(answer.get())} != "COMMIT") {
        return Error{Errc::overloaded, "the transaction had failed before its commit"};
    }
    return {};
}

void Connection::roll_back() noexcept
{
    const auto state = PQtransactionStatus(session_);
    if (state == PQTRANS_INTRANS || state == PQTRANS_INERROR) {
        PQclear(PQexec(session_, "ROLLBACK"));
    }
}

std::string Connection::reset_script()
{
    prepared_.clear();
    return "CLOSE ALL; DEALLOCATE ALL; UNLISTEN *; RESET ALL; " + settings_ +
           "; SELECT pg_catalog.pg_advisory_unlock_all();";
}

Result<std::size_t> Connection::take_notifications()
{
    if (PQconsumeInput(session_) != 1) {
        return Error{Errc::unavailable, trimmed(PQerrorMessage(session_))};
    }
    std::size_t count = 0;
    while (PGnotify* const notification = PQnotifies(session_)) {
        PQfreemem(notification);
        ++count;
    }
    return count;
}

int Connection::socket() const noexcept
{
    return PQsocket(session_);
}

bool Connection::is_broken() const noexcept
{
    return PQstatus(session_) != CONNECTION_OK;
}

bool Connection::is_idle() const noexcept
{
    return PQtransactionStatus(session_) == PQTRANS_IDLE;
}

int Connection::backend_pid() const noexcept
{
    return PQbackendPID(session_);
}

int Connection::server_version() const noexcept
{
    return PQserverVersion(session_);
}

Result<Transaction> Transaction::begin(Connection& connection)
{
    const auto begun = connection.run_script("BEGIN");
    if (!begun) {
        return begun.error();
    }
    return Transaction{connection};
}

Transaction::~Transaction()
{
    if (connection_ != nullptr) {
        connection_->roll_back();
    }
}

Result<void> Transaction::commit()
{
    return std::exchange(connection_, nullptr)->commit();
}

std::string sql_array(const std::vector<std::string>& elements)
{
    std::string text{"{"};
    for (const std::string& element : elements) {
        text += text.size() == 1 ? "\"" : ",\"";
        for (const char letter : element) {
            if (letter == '"' || letter == '\\') {
                text += '\\';
            }
            text += letter;
        }
        text += '"';
    }
    return text + "}";
}

} // namespace sealstream
