#include "core/packs/json_template.hpp"
#include "tests/support/catch.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

using namespace sealstream;

namespace {

std::string render(const std::string& text, const std::string& scope)
{
    const auto made = JsonTemplate::parse(boost::json::parse(text));
    if (!made) {
        return "parse: " + made.error().context;
    }
    const auto value = made->render(boost::json::parse(scope).as_object());
    return value ? boost::json::serialize(*value) : "render: " + value.error().context;
}

const std::string scope =
    R"({"body":{"n":5,"list":[1,{"a":true}],"none":null,"text":"x"},"path":{"id":"7"}})";

} // namespace

TEST_CASE("a hole alone keeps the kind of its value", "[packs]")
{
    CHECK(render(R"("{body.n}")", scope) == "5");
    CHECK(render(R"("{body.list}")", scope) == R"([1,{"a":true}])");
    CHECK(render(R"("{body.none}")", scope) == "null");
    CHECK(render(R"({"a":["{body.list.1.a}",2,"t"]})", scope) == R"({"a":[true,2,"t"]})");
}

TEST_CASE("a hole among letters becomes text", "[packs]")
{
    CHECK(render(R"("deal/{path.id}-{body.n}")", scope) == R"("deal/7-5")");
    CHECK(render(R"("{{{path.id}}}")", scope) == R"("{7}")");
    CHECK(render(R"("{{path.id}}")", scope) == R"("{path.id}")");
    CHECK(render(R"("")", scope) == R"("")");
}

TEST_CASE("a default stands where there is nothing", "[packs]")
{
    CHECK(render(R"("{body.m|8}")", scope) == "8");
    CHECK(render(R"("{body.m|null}")", scope) == "null");
    CHECK(render(R"("{body.m|{}}")", scope) == "{}");
    CHECK(render(R"("{body.m|[1,2]}")", scope) == "[1,2]");
    CHECK(render(R"("{body.m|some text}")", scope) == R"("some text")");
    CHECK(render(R"("{body.n|8}")", scope) == "5");
    CHECK(render(R"("{body.none|8}")", scope) == "null"); // it is there
}

TEST_CASE("what is not there is told by its place", "[packs]")
{
    CHECK(render(R"("{body.m}")", scope) == "render: there is no body.m");
    CHECK(render(R"("{body.list.9}")", scope) == "render: there is no body.list.9");
    CHECK(render(R"("{body.text.x}")", scope) == "render: there is no body.text.x");
    CHECK(render(R"("{nothing}")", scope) == "render: there is no nothing");
    CHECK(render(R"("a{body.list}")", scope) == "render: body.list is no text, number or boolean");
    CHECK(render(R"("a{body.none}")", scope) == "render: body.none is no text, number or boolean");
}

TEST_CASE("braces that do not fit are refused with their place", "[packs]")
{
    for (const auto* text :
         {"{", "}", "{}", "{a", "a}", "{a..b}", "{a b}", "{.a}", "{a.}", "{|1}"}) {
        INFO(text);
        const auto made = JsonTemplate::parse({{"x", {1, text}}});
        REQUIRE(!made);
        CHECK(made.error().code == Errc::malformed);
        CHECK(made.error().pointer == "/x/1");
    }
}

TEST_CASE("text is asked for where text is needed", "[packs]")
{
    const auto of = [](const char* text) {
        return JsonTemplate::parse(text)->render_text(boost::json::parse(scope).as_object());
    };
    CHECK(*of("{path.id}") == "7");
    CHECK(*of("{body.n}") == "5");
    CHECK(of("{body.list}").error().code == Errc::malformed);
    CHECK(of("{body.none}").error().code == Errc::malformed);
}

TEST_CASE("every place is known once", "[packs]")
{
    const auto made = JsonTemplate::parse({{"x", "{b.c} {a} {b.c|1}"}});
    REQUIRE(made);
    CHECK(made->places() == std::vector<std::string>{"a", "b.c"});
}
