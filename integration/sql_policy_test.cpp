// Emission policies and sealstream.append(): what SQL may append is what a node would take.

#include "core/rules/emission_rules.hpp"
#include "core/rules/system_streams.hpp"
#include "integration/support/postgres_home.hpp"
#include "postgres/append_settings.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/sample_events.hpp"
#include "tests/support/seed.hpp"

namespace sealstream::sql_policy_test {

namespace {

using testing::has_no_postgres;
using testing::PostgresHome;

struct Home : PostgresHome {
    explicit Home(bool refuses_unknown_types = false)
        : log{open_log(options(refuses_unknown_types))}
    {
    }

    static PostgresLogOptions options(bool refuses_unknown_types)
    {
        PostgresLogOptions options;
        options.refuses_unknown_types = refuses_unknown_types;
        return options;
    }

    void edit(const std::string& type, const std::optional<EmissionPolicy>& policy)
    {
        Draft draft = testing::sample_draft(++number_);
        draft.type = policy_event_type;
        draft.data = edit_data(type, std::nullopt, policy);
        std::vector<StreamAppend> batch{{{std::string{policy_stream_type}, type}, {}, {draft}}};
        REQUIRE(run(log.append(std::move(batch))));
    }

    // "f" when it is appended, else what the function says.
    std::string append(const std::string& type, const std::string& source,
                       const std::string& stream = "account/1")
    {
        return value("SELECT is_repeat FROM sealstream.append('main', $1, $2, '1'::text,"
                     " source => $3)",
                     {stream, type, source});
    }

    PostgresEventLog& log;

private:
    std::uint64_t number_{0};
};

bool is_refused(const std::string& answer)
{
    return answer.find("emission_refused") != std::string::npos;
}

} // namespace

TEST_CASE("SQL appends what the policy allows, and an edit holds at once", "[sql][policy]")
{
    if (has_no_postgres()) {
        return;
    }
    Home home;
    CHECK(home.append("TokensIssued", "teg-a") == "f");

    home.edit("TokensIssued", EmissionPolicy{{"registry-*"}, {"account"}, false});

    CHECK(is_refused(home.append("TokensIssued", "teg-a")));
    CHECK(home.append("TokensIssued", "registry-a") == "f");
    CHECK(is_refused(home.append("TokensIssued", "registry-a", "deal/1")));
    CHECK(home.append("TokensStaked", "teg-a") == "f");
    home.edit("TokensIssued", std::nullopt);
    CHECK(home.append("TokensIssued", "teg-a") == "f");
}

TEST_CASE("SQL refuses types without a policy where the settings say so", "[sql][policy]")
{
    if (has_no_postgres()) {
        return;
    }
    Home home{true};
    CHECK(is_refused(home.append("TokensIssued", "teg-a")));
    home.edit("TokensIssued", EmissionPolicy{{"*"}, {}, false});
    CHECK(home.append("TokensIssued", "teg-a") == "f");
}

TEST_CASE("SQL refuses what guards stand before", "[sql][guard]")
{
    if (has_no_postgres()) {
        return;
    }
    Home home;
    auto connection = home.pool.lend();
    REQUIRE(write_guarded_types(**connection, "main", {"DealApproved", "DealClosed"}));

    CHECK(home.append("DealApproved", "a").find("is guarded") != std::string::npos);
    CHECK(home.append("DealOpened", "a") == "f");
    REQUIRE(write_guarded_types(**connection, "main", {}));
    CHECK(home.append("DealApproved", "a") == "f");
}

TEST_CASE("patterns mean the same in SQL", "[sql][policy][property]")
{
    if (has_no_postgres()) {
        return;
    }
    Home home;
    auto random = testing::random_generator(95);
    const auto word = [&random](std::string_view letters) {
        std::string text(1 + random() % 5, 'a');
        for (char& letter : text) {
            letter = letters[random() % letters.size()];
        }
        return text;
    };
    std::size_t wrong = 0;
    for (int round = 0; round < 150; ++round) {
        const EmissionPolicy policy{{word("ab*%_\\")}, {}, false};
        const std::string source = word("ab%_\\");
        home.edit("T", policy);
        const bool is_allowed = home.append("T", source) == "f";
        INFO(policy.sources.front() << " and " << source);
        wrong += is_allowed == fits_pattern(source, policy.sources.front()) ? 0U : 1U;
    }
    CHECK(wrong == 0);
}

} // namespace sealstream::sql_policy_test
