#include "postgres/errors.hpp"
#include "tests/support/catch.hpp"

namespace sealstream {

TEST_CASE("each SQLSTATE says what the caller can do", "[postgres]")
{
    struct Row {
        std::string_view sqlstate;
        Errc of_statement;
        Errc of_commit;
    };
    constexpr std::array rows{
        Row{"", Errc::unavailable, Errc::outcome_unknown}, // the connection broke
        Row{"08006", Errc::unavailable, Errc::outcome_unknown},
        Row{"57P01", Errc::unavailable, Errc::outcome_unknown}, // admin_shutdown
        Row{"57P03", Errc::unavailable, Errc::outcome_unknown}, // cannot_connect_now
        Row{"25006", Errc::unavailable, Errc::outcome_unknown}, // a standby
        Row{"57014", Errc::timed_out, Errc::outcome_unknown},   // query_canceled
        Row{"XX000", Errc::internal, Errc::outcome_unknown},
        Row{"40001", Errc::overloaded, Errc::overloaded},
        Row{"40P01", Errc::overloaded, Errc::overloaded},
        Row{"53300", Errc::overloaded, Errc::overloaded},
        Row{"53100", Errc::capacity, Errc::capacity},
        Row{"23505", Errc::conflict, Errc::conflict},
        Row{"23503", Errc::corrupt, Errc::corrupt},
        Row{"23514", Errc::corrupt, Errc::corrupt},
        Row{"XX001", Errc::corrupt, Errc::corrupt},
        Row{"XX002", Errc::corrupt, Errc::corrupt},
        Row{"22P05", Errc::malformed, Errc::malformed}, // untranslatable_character
        Row{"42P01", Errc::unsupported, Errc::unsupported},
        Row{"42501", Errc::unsupported, Errc::unsupported},
    };
    for (const Row& row : rows) {
        INFO(row.sqlstate);
        CHECK(errc_of_sqlstate(row.sqlstate) == row.of_statement);
        CHECK(errc_of_commit(row.sqlstate) == row.of_commit);
    }
}

TEST_CASE("a state that is not in the table is our bug", "[postgres]")
{
    CHECK(errc_of_sqlstate("42601") == Errc::internal); // syntax_error
    CHECK(errc_of_sqlstate("99999") == Errc::internal);
    CHECK(errc_of_sqlstate("5") == Errc::internal);
}

} // namespace sealstream
