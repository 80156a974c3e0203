// The rules of appending that all logs share.

#include "core/event/append_plan.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/sample_events.hpp"

using namespace sealstream;
using testing::sample_draft;

namespace {

const StreamName first{"deal", "1"};
const StreamName second{"deal", "2"};
const Expected absent{Expected::Kind::absent, {}};
constexpr std::size_t most = 5;

StreamAppend append_of(const StreamName& stream, std::vector<std::uint64_t> numbers)
{
    StreamAppend append{stream, {}, {}};
    for (const auto number : numbers) {
        append.drafts.push_back(sample_draft(number));
    }
    return append;
}

Errc code_of(const AppendRequest& request)
{
    const auto checked = check_request(request, most);
    return checked ? Errc{} : checked.error().code;
}

} // namespace

TEST_CASE("only who names what a head does not have has seen more of the stream", "[event]")
{
    const Expected at_two{Expected::Kind::version, Version{2}};
    const Expected present{Expected::Kind::present, {}};
    const StreamHead none{};
    const StreamHead one{Version{1}, Position{7}};
    const StreamHead three{Version{3}, Position{9}};

    CHECK(expects_more(at_two, none));
    CHECK(expects_more(at_two, one));
    CHECK(!expects_more(at_two, three)); // somebody was faster
    CHECK(!expects_more({Expected::Kind::version, Version{3}}, three));
    CHECK(expects_more(present, none));
    CHECK(!expects_more(present, one));
    CHECK(!expects_more(absent, one));
    CHECK(!expects_more(absent, none));
    CHECK(!expects_more({}, none));
}

TEST_CASE("requests that could never be right are refused before they are sent", "[event]")
{
    const auto one = append_of(first, {1});
    CHECK(check_request({{one}}, most).has_value());
    CHECK(check_request({{one, append_of(second, {2})}}, most).has_value());
    CHECK(check_request({{one}, {{second, absent}}}, most).has_value());

    CHECK(code_of({}) == Errc::malformed);
    CHECK(code_of({{append_of(first, {})}}) == Errc::malformed);
    CHECK(code_of({{one, append_of(second, {})}}) == Errc::malformed);
    CHECK(code_of({{append_of(first, {1, 1})}}) == Errc::malformed);
    CHECK(code_of({{one, append_of(second, {1})}}) == Errc::malformed);
    CHECK(code_of({{one, append_of(first, {2})}}) == Errc::malformed);
    CHECK(code_of({{}, {{second, absent}}}) == Errc::malformed);
    CHECK(code_of({{one}, {{first, absent}}}) == Errc::malformed);
    CHECK(code_of({{one}, {{second, {}}}}) == Errc::malformed);
    CHECK(code_of({{one}, {{second, absent}, {second, absent}}}) == Errc::malformed);
}

TEST_CASE("a request has bounds for its events and for its streams", "[event]")
{
    CHECK(check_request({{append_of(first, {1, 2, 3, 4, 5})}}, most).has_value());
    CHECK(code_of({{append_of(first, {1, 2, 3, 4, 5, 6})}}) == Errc::too_large);

    AppendRequest wide{{append_of(first, {1})}};
    for (const auto* id : {"a", "b", "c", "d"}) {
        wide.checks.push_back({{"account", id}, absent});
    }
    CHECK(check_request(wide, most).has_value());
    wide.checks.push_back({second, absent});
    CHECK(code_of(wide) == Errc::too_large);
}
