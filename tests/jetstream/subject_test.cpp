#include "jetstream/subject.hpp"
#include "tests/support/catch.hpp"

#include <set>

using namespace sealstream;
using namespace sealstream::jetstream;

TEST_CASE("a plain id is its own token", "[jetstream]")
{
    CHECK(subject_of("main", {"deal", "550e8400-e29b-41d4-a716-446655440000"}) ==
          "ev.main.deal.550e8400-e29b-41d4-a716-446655440000");
    CHECK(subject_of("main", {"agent", "did:x"}) == "ev.main.agent.did:x");
}

TEST_CASE(
    "an id that a subject can not hold becomes one safe token, and different ids stay different",
    "[jetstream]")
{
    const std::string ids[] = {"a.b",
                               "a b",
                               "*",
                               ">",
                               "a/b",
                               "\xc3\xa9",
                               "~x",
                               "$JS",
                               "",
                               std::string(65, 'x'),
                               std::string(256, 'x'),
                               "a,b",
                               "a\"b"};
    std::set<std::string> subjects;
    for (const auto& id : ids) {
        const auto subject = subject_of("main", {"deal", id});
        const auto token = subject.substr(std::string_view{"ev.main.deal."}.size());
        INFO(id);
        CHECK(token.size() == 44);
        CHECK(token.front() == '~');
        CHECK(token.find_first_of(".*> \t") == std::string::npos);
        CHECK(subjects.insert(subject).second);
    }
}
