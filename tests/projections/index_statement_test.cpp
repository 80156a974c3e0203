#include "projections/postgres_event_index.hpp"
#include "tests/support/catch.hpp"

namespace sealstream {

namespace {

std::string conditions(const EventQuery& query)
{
    const auto statement = index_statement("t", query);
    const std::size_t where = statement->sql.find(" WHERE ");
    return where == std::string::npos ? "" : statement->sql.substr(where + 7);
}

} // namespace

TEST_CASE("no filter is a page by position", "[event_index]")
{
    CHECK(conditions({}) == "position > $1 ORDER BY position LIMIT $2");
    EventQuery newest;
    newest.is_descending = true;
    CHECK(index_statement("t", newest)->sql.find(" WHERE ") == std::string::npos);
    newest.after = Position{7};
    CHECK(conditions(newest) == "position < $1 ORDER BY position DESC LIMIT $2");
}

TEST_CASE("every value of a query is bound, none is text of the statement", "[event_index]")
{
    EventQuery query;
    query.types = {"marker1", "marker2*"};
    query.stream_type = "marker3";
    query.stream_id = "marker4";
    query.source = "marker5";
    query.actor = "marker6";
    query.category = "marker7";
    query.key = "marker8";
    query.search = "marker9";
    query.from_time = WallTime{1};
    query.to_time = WallTime{2};

    const auto statement = index_statement("t", query);

    REQUIRE(statement);
    CHECK(statement->sql.find("marker") == std::string::npos);
    CHECK(statement->values.size() == 14);
}

TEST_CASE("a page has at least one event and at most the limit", "[event_index]")
{
    EventQuery query;
    query.events_max = 0;
    CHECK(index_statement("t", query)->values.back() == "1");
    query.events_max = 1'000'000;
    CHECK(index_statement("t", query)->values.back() == std::to_string(query_events_max));
}

TEST_CASE("too many search words are refused, and a search without any", "[event_index]")
{
    EventQuery query;
    for (std::size_t count = 0; count <= query_search_words_max; ++count) {
        query.search += "w" + std::to_string(count) + " ";
    }
    const auto refused = index_statement("t", query);
    REQUIRE(!refused);
    CHECK(refused.error().code == Errc::malformed);

    query.search = " --- ";
    CHECK(index_statement("t", query).error().code == Errc::malformed);
    query.search = "";
    CHECK(conditions(query) == "position > $1 ORDER BY position LIMIT $2");
}

} // namespace sealstream
