#include "postgres/errors.hpp"

#include <array>

namespace sealstream {

namespace {

struct Row {
    std::string_view sqlstate; // five characters, or the two of its class
    Errc code;
};

// The first match decides, so a state stands before its class.
constexpr std::array rows{
    Row{"08", Errc::unavailable},    // connection exceptions
    Row{"22", Errc::malformed},      // data exceptions
    Row{"23505", Errc::conflict},    // unique_violation
    Row{"23", Errc::corrupt},        // other constraints: our own data breaks our own rule
    Row{"25006", Errc::unavailable}, // read_only_sql_transaction: a standby
    Row{"28", Errc::unsupported},    // wrong password or user
    Row{"3D000", Errc::unsupported}, // no such database
    Row{"3F000", Errc::unsupported}, // no such schema
    Row{"40", Errc::overloaded},     // serialization failure, deadlock
    Row{"42501", Errc::unsupported}, // insufficient_privilege
    Row{"42P01", Errc::unsupported}, // undefined_table: not migrated
    Row{"53100", Errc::capacity},    // disk_full
    Row{"53", Errc::overloaded},     // memory, connections
    Row{"55P03", Errc::overloaded},  // lock_not_available
    Row{"55006", Errc::overloaded},  // object_in_use
    Row{"57014", Errc::timed_out},   // query_canceled: statement_timeout
    Row{"57P", Errc::unavailable},   // shutdown, crash, starting up
    Row{"58", Errc::unavailable},    // system errors
    Row{"SL400", Errc::malformed},   // SLnnn: our own functions, with the status HTTP would have
    Row{"SL403", Errc::forbidden},   Row{"SL404", Errc::not_found}, Row{"SL412", Errc::conflict},
    Row{"SL409", Errc::refused},     Row{"SL413", Errc::too_large}, Row{"SL422", Errc::key_reuse},
    Row{"SL501", Errc::unsupported}, Row{"XX001", Errc::corrupt}, // data_corrupted
    Row{"XX002", Errc::corrupt},                                  // index_corrupted
};

} // namespace

Errc errc_of_sqlstate(std::string_view sqlstate) noexcept
{
    if (sqlstate.empty()) {
        return Errc::unavailable;
    }
    for (const Row& row : rows) {
        if (sqlstate.starts_with(row.sqlstate)) {
            return row.code;
        }
    }
    return Errc::internal;
}

Errc errc_of_commit(std::string_view sqlstate) noexcept
{
    const Errc code = errc_of_sqlstate(sqlstate);
    // A server that goes away, or is interrupted, around COMMIT may have written its record before.
    const bool is_in_doubt =
        code == Errc::unavailable || code == Errc::timed_out || code == Errc::internal;
    return is_in_doubt ? Errc::outcome_unknown : code;
}

} // namespace sealstream
