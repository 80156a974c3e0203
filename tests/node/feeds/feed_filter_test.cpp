#include "node/feeds/feed_filter.hpp"
#include "tests/support/catch.hpp"

using namespace sealstream;

namespace {

Event sample()
{
    Event event;
    event.draft.type = "package.installed";
    event.draft.source = "dpkg";
    event.draft.actor = "ann";
    event.draft.meta = R"({"category":"ops","note":"\"category\":\"x\""})";
    event.stream = {"package", "vim"};
    return event;
}

} // namespace

TEST_CASE("an empty filter lets everything through", "[feeds]")
{
    CHECK(FeedFilter{}.is_empty());
    CHECK(FeedFilter{}.matches(sample(), WallTime{7}));
}

TEST_CASE("every given field must hold", "[feeds]")
{
    struct Row {
        FeedFilter filter;
        bool matches;
    };
    const auto row = GENERATE(
        Row{{{"package.*"}, "", "", "", "", ""}, true},
        Row{{{"package.installed"}, "", "", "", "", ""}, true},
        Row{{{"package"}, "", "", "", "", ""}, false},
        Row{{{"deal.*", "package.*"}, "", "", "", "", ""}, true},
        Row{{{"*"}, "", "", "", "", ""}, true}, Row{{{}, "package", "", "", "", ""}, true},
        Row{{{}, "package", "vim", "", "", ""}, true},
        Row{{{}, "package", "vi", "", "", ""}, false}, Row{{{}, "", "", "dpkg", "", ""}, true},
        Row{{{}, "", "", "dpkg", "bob", ""}, false}, Row{{{}, "", "", "", "", "ops"}, true},
        Row{{{}, "", "", "", "", "x"}, false});

    CHECK(row.filter.matches(sample(), WallTime{7}) == row.matches);
    CHECK(!row.filter.is_empty());
}

TEST_CASE("a category is text in the object's own member", "[feeds]")
{
    CHECK(category_of(R"({"category":"ops"})") == "ops");
    CHECK(category_of(R"({"category":7})").empty());
    CHECK(category_of(R"({"in":{"category":"ops"}})").empty());
    CHECK(category_of("").empty());
    CHECK(category_of("\"category\":").empty());
}
