// Schemas, redactions and sealstream.append(): what SQL can not check it does not append, and no
// secret comes into the log that way.

#include "core/rules/emission_rules.hpp"
#include "core/rules/schema_rules.hpp"
#include "core/rules/system_streams.hpp"
#include "integration/support/postgres_home.hpp"
#include "postgres/append_settings.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/sample_events.hpp"

#include <boost/json/parse.hpp>

namespace sealstream::sql_content_test {

namespace {

using testing::has_no_postgres;
using testing::PostgresHome;

const std::string canary = "canary-7f31c0";
const std::string secret = R"({"name":"visible","pin":")" + canary + R"("})";

struct ContentHome : PostgresHome {
    explicit ContentHome(bool refuses_unknown_schemas = false)
        : log{open_log(options(refuses_unknown_schemas))}
    {
    }

    static PostgresLogOptions options(bool refuses_unknown_schemas)
    {
        PostgresLogOptions options;
        options.refuses_unknown_schemas = refuses_unknown_schemas;
        return options;
    }

    void edit(std::string_view stream_type, std::string_view event_type, std::string data)
    {
        Draft draft = testing::sample_draft(++number_);
        draft.type = event_type;
        draft.data = std::move(data);
        std::vector<StreamAppend> batch{{{std::string{stream_type}, "T"}, {}, {draft}}};
        REQUIRE(run(log.append(std::move(batch))));
    }
    void redact(const char* rules)
    {
        const auto parsed = parse_redactions(boost::json::parse(rules));
        REQUIRE(parsed);
        edit(redaction_stream_type, redaction_event_type, redaction_data("T", nullptr, *parsed));
    }
    void add_schema()
    {
        edit(schema_stream_type, schema_event_type,
             schema_data("T", boost::json::parse(R"({"type":"object"})"), Compatibility::backward));
    }

    // "f" when it is appended, "t" when it was there, else what the function says.
    std::string append(const std::string& type, const std::string& data = secret,
                       const std::string& key = {})
    {
        return value("SELECT is_repeat FROM sealstream.append('main', 'vault/1', $1, $2::text,"
                     " key => nullif($3, ''), source => 'shop')",
                     {type, data, key});
    }
    std::string records_with(const std::string& text)
    {
        return value("SELECT count(*) FROM sealstream.records"
                     " WHERE position(convert_to($1, 'UTF8') IN record) > 0",
                     {text});
    }

    PostgresEventLog& log;

private:
    std::uint64_t number_{0};
};

bool says(const std::string& answer, std::string_view part)
{
    return answer.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("what has secret fields is not appended from SQL", "[sql][redaction]")
{
    if (has_no_postgres()) {
        return;
    }
    ContentHome home;
    home.redact(R"(["/data/pin"])");

    const auto refused = home.append("T");
    const auto other = home.append("Other", R"({"name":"visible"})");

    INFO(refused);
    CHECK(says(refused, "unsupported"));
    CHECK(says(refused, "SL501"));
    CHECK(other == "f");
    CHECK(home.records_with(canary) == "0");
    CHECK(home.records_with("visible") == "1"); // the search can see

    home.redact("[]");
    CHECK(home.append("T") == "f");
    CHECK(home.records_with(canary) == "1");
}

TEST_CASE("what has a schema is not appended from SQL", "[sql][schema]")
{
    if (has_no_postgres()) {
        return;
    }
    ContentHome home;
    CHECK(home.append("T") == "f");
    home.add_schema();

    CHECK(says(home.append("T"), "SL501"));
    CHECK(home.append("Other") == "f");
}

TEST_CASE("what has a retention class is not appended from SQL, and nothing that looks encrypted",
          "[sql][retention]")
{
    if (has_no_postgres()) {
        return;
    }
    ContentHome home;
    REQUIRE(home.append("T", secret, "k") == "f");
    {
        auto connection = home.pool.lend();
        REQUIRE(connection.has_value());
        REQUIRE(write_encrypted_types(**connection, "main", {{"T"}, {"person"}}).has_value());
    }

    const auto refused = home.append("T");
    INFO(refused);
    CHECK(says(refused, "SL501"));
    CHECK(says(refused, "T in vault has a retention class"));
    CHECK(home.append("T", secret, "k") == "t"); // was there before
    CHECK(home.append("Other") == "f");
    CHECK(says(home.value("SELECT is_repeat FROM sealstream.append('main', 'person/1', 'Other',"
                          " '1'::text, source => 'shop')"),
               "Other in person has a retention class"));
    const auto fake = home.append("Other", R"({"$encrypted":{}})");
    CHECK(says(fake, "SL400"));
    CHECK(says(fake, "$encrypted"));
    {
        auto connection = home.pool.lend();
        REQUIRE(connection.has_value());
        REQUIRE(write_encrypted_types(**connection, "main", {}).has_value());
    }
    CHECK(home.append("T") == "f");
}

TEST_CASE("SQL refuses types without a schema where the settings say so", "[sql][schema]")
{
    if (has_no_postgres()) {
        return;
    }
    ContentHome home{true};

    const auto unknown = home.append("Other");
    home.add_schema();

    CHECK(says(unknown, "schema_violation"));
    CHECK(says(unknown, "SL422"));
    CHECK(says(home.append("T"), "SL501"));
}

TEST_CASE("a repeat in SQL is answered, whatever has been forbidden since", "[sql][idempotency]")
{
    if (has_no_postgres()) {
        return;
    }
    ContentHome home;
    REQUIRE(home.append("T", secret, "k") == "f");
    home.edit(policy_stream_type, policy_event_type,
              edit_data("T", std::nullopt, EmissionPolicy{{"nobody"}, {}, false}));
    home.add_schema();
    home.redact(R"(["/data/pin"])");

    CHECK(home.append("T", secret, "k") == "t");
    CHECK(says(home.append("T", R"({"name":"other"})", "k"), "key_reuse"));
    CHECK(says(home.append("T", secret, "k2"), "emission_refused"));
    CHECK(home.records_with(canary) == "1");
}

} // namespace sealstream::sql_content_test
