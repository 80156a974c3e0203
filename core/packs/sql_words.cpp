#include "core/packs/sql_words.hpp"

#include <array>

namespace sealstream {

namespace {

constexpr std::string_view transactions = "the engine begins and ends transactions";
constexpr std::string_view session = "sessions belong to the engine";

constexpr std::array refused_function_names{
    std::string_view{"set_config"},
    std::string_view{"pg_sleep"},
    std::string_view{"pg_notify"},
    std::string_view{"pg_advisory_lock"},
    std::string_view{"pg_advisory_xact_lock"},
    std::string_view{"pg_read_file"},
    std::string_view{"pg_ls_dir"},
    std::string_view{"pg_terminate_backend"},
    std::string_view{"pg_cancel_backend"},
    std::string_view{"lo_import"},
    std::string_view{"lo_export"},
    std::string_view{"dblink"},
    std::string_view{"dblink_connect"},
    std::string_view{"query_to_xml"},
};

constexpr std::array changing_function_names{
    std::string_view{"now"},
    std::string_view{"clock_timestamp"},
    std::string_view{"statement_timestamp"},
    std::string_view{"transaction_timestamp"},
    std::string_view{"timeofday"},
    std::string_view{"random"},
    std::string_view{"gen_random_uuid"},
    std::string_view{"uuid_generate_v4"},
    std::string_view{"nextval"},
    std::string_view{"setval"},
    std::string_view{"txid_current"},
    std::string_view{"pg_current_xact_id"},
    std::string_view{"pg_backend_pid"},
};

constexpr std::array changing_word_names{
    std::string_view{"current_timestamp"}, std::string_view{"current_date"},
    std::string_view{"current_time"},      std::string_view{"localtimestamp"},
    std::string_view{"localtime"},
};

constexpr std::array serial_type_names{
    std::string_view{"serial"},
    std::string_view{"bigserial"},
    std::string_view{"smallserial"},
};

} // namespace

const std::vector<SqlPhrase>& refused_phrases()
{
    static const std::vector<SqlPhrase> phrases{
        {{"begin", "transaction"}, true, transactions},
        {{"begin", "work"}, true, transactions},
        {{"start", "transaction"}, true, transactions},
        {{"commit"}, true, transactions},
        {{"rollback"}, true, transactions},
        {{"savepoint"}, true, transactions},
        {{"release"}, true, transactions},
        {{"abort"}, true, transactions},
        {{"prepare"}, true, transactions},
        {{"lock"}, true, transactions},
        {{"copy"}, true, why_outside},
        {{"grant"}, true, why_outside},
        {{"revoke"}, true, why_outside},
        {{"load"}, true, why_outside},
        {{"vacuum"}, true, why_outside},
        {{"security", "definer"}, false, why_outside},
        {{"create", "role"}, false, why_outside},
        {{"create", "user"}, false, why_outside},
        {{"create", "schema"}, false, why_outside},
        {{"create", "extension"}, false, why_outside},
        {{"create", "database"}, false, why_outside},
        {{"create", "server"}, false, why_outside},
        {{"create", "foreign"}, false, why_outside},
        {{"create", "language"}, false, why_outside},
        {{"create", "publication"}, false, why_outside},
        {{"create", "subscription"}, false, why_outside},
        {{"create", "event"}, false, why_outside},
        {{"create", "tablespace"}, false, why_outside},
        {{"alter", "system"}, false, why_outside},
        {{"alter", "role"}, false, why_outside},
        {{"alter", "user"}, false, why_outside},
        {{"alter", "database"}, false, why_outside},
        {{"create", "sequence"}, false, "its numbers differ after a rebuild; use `position`"},
        {{"generated", "by", "default", "as", "identity"},
         false,
         "its numbers differ after a rebuild; use `position`"},
        {{"generated", "always", "as", "identity"},
         false,
         "its numbers differ after a rebuild; use `position`"},
        {{"create", "temporary"}, false, "temporary tables end with the session"},
        {{"create", "temp"}, false, "temporary tables end with the session"},
        {{"create", "unlogged"}, false, "its rows would be gone after a crash, and the cursor not"},
        {{"set", "role"}, false, session},
        {{"set", "session"}, false, session},
        {{"set", "local"}, false, session},
        {{"set", "search_path"}, false, session},
        {{"set", "constraints"}, false, session},
        {{"reset"}, true, session},
        {{"discard"}, true, session},
        {{"listen"}, true, session},
        {{"notify"}, true, session},
        {{"unlisten"}, true, session},
        {{"execute"}, true, "SQL that is put together at run time can not be checked"},
    };
    return phrases;
}

SqlWords refused_functions() noexcept
{
    return refused_function_names;
}

SqlWords changing_functions() noexcept
{
    return changing_function_names;
}

SqlWords changing_words() noexcept
{
    return changing_word_names;
}

SqlWords serial_types() noexcept
{
    return serial_type_names;
}

} // namespace sealstream
