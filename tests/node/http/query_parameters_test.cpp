// Query parameters, of every route: what it does not take, an empty one and a second one are
// refused by name, before anything is done.

#include "node/http/target.hpp"
#include "tests/node/http/http_world.hpp"
#include "tests/support/catch.hpp"

using namespace sealstream;
using namespace sealstream::testing;

namespace {

Sent sent_to(const http::Route& route, const std::string& query)
{
    std::string target{route.pattern};
    for (auto open = target.find('{'); open != std::string::npos; open = target.find('{')) {
        target.replace(open, target.find('}') - open + 1, "x");
    }
    Sent sent;
    sent.verb = route.verb;
    sent.target = target + "?" + query;
    sent.surface = route.surface;
    if (route.body != http::BodyMode::none) {
        sent.fields = {{"Content-Type", "application/json"}};
        sent.body = R"({"type":"A","stream":"deal/42"})";
    }
    return sent;
}

struct Parameter {
    std::string name;
    char rule{' '}; // as Query::check() reads it
};

std::vector<Parameter> parameters_of(const http::Route& route)
{
    std::vector<Parameter> found;
    std::string list{route.query};
    while (!list.empty()) {
        Parameter parameter{list.substr(0, list.find(' '))};
        list.erase(0, parameter.name.size() + 1);
        if (parameter.name.back() == '*' || parameter.name.back() == '?') {
            parameter.rule = parameter.name.back();
            parameter.name.pop_back();
        }
        found.push_back(std::move(parameter));
    }
    return found;
}

void check_refused(const http::Route& route, const std::string& query, const std::string& name)
{
    CAPTURE(route.name, query);
    HttpWorld world;
    const Got got = world.send(sent_to(route, query));
    CHECK(got.status == 400);
    CHECK(got.at("/code") == "malformed");
    CHECK(got.at("/detail").find("\"" + name + "\"") != std::string::npos);
    CHECK(world.get("/v1/events").at("/next") == "0"); // nothing was done
}

} // namespace

TEST_CASE("no route ignores a parameter that it does not know", "[http][query]")
{
    for (const http::Route& route : http::routes()) {
        check_refused(route, "no-such=1", "no-such");
        check_refused(route, "no-such", "no-such");
    }
}

TEST_CASE("no route takes an empty parameter for none", "[http][query]")
{
    for (const http::Route& route : http::routes()) {
        for (const Parameter& parameter : parameters_of(route)) {
            if (parameter.rule != '?') {
                check_refused(route, parameter.name + "=", parameter.name);
                check_refused(route, parameter.name, parameter.name);
            }
        }
    }
}

TEST_CASE("no route picks one of two values", "[http][query]")
{
    for (const http::Route& route : http::routes()) {
        for (const Parameter& parameter : parameters_of(route)) {
            if (parameter.rule != '*') {
                check_refused(route, parameter.name + "=1&" + parameter.name + "=1",
                              parameter.name);
            }
        }
    }
}

TEST_CASE("a list of parameters says what may come", "[http][query]")
{
    constexpr std::string_view list = "limit type* verbose?";
    const auto is_taken = [](std::string_view text) {
        const auto query = http::Query::parse(text);
        return query && query->check(list);
    };

    CHECK(is_taken(""));
    CHECK(is_taken("limit=1&type=A&type=B&verbose"));
    CHECK(is_taken("verbose=x"));
    CHECK_FALSE(is_taken("limit=1&limit=2"));
    CHECK_FALSE(is_taken("verbose&verbose"));
    CHECK_FALSE(is_taken("type="));
    CHECK_FALSE(is_taken("type=A&type="));
    CHECK_FALSE(is_taken("limits=1"));
    CHECK_FALSE(is_taken("type*=1"));
    CHECK_FALSE(is_taken("=1"));
}
