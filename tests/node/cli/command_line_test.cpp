// The real binary: exit codes and what it prints when it is used wrongly.

#include "tests/support/catch.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

namespace {

struct Outcome {
    int code{-1};
    std::string text; // standard output and error
};

Outcome run(const std::string& arguments)
{
    const char* const binary = std::getenv("SEALSTREAM_BINARY");
    REQUIRE(binary != nullptr);
    Outcome outcome;
    std::FILE* const pipe = ::popen((std::string{binary} + " " + arguments + " 2>&1").c_str(), "r");
    REQUIRE(pipe != nullptr);
    std::array<char, 4096> buffer{};
    for (std::size_t size = 0; (size = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
        outcome.text.append(buffer.data(), size);
    }
    const int status = ::pclose(pipe);
    outcome.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return outcome;
}

} // namespace

TEST_CASE("help teaches, and wrong usage is told apart from failure", "[cli]")
{
    CHECK(run("--help").code == 0);
    CHECK(run("--help").text.find("sealstream verify") != std::string::npos);
    CHECK(run("").code == 2);
    CHECK(run("serv").code == 2);
    CHECK(run("serv").text.find("did you mean serve?") != std::string::npos);
    CHECK(run("nothing-like-it").text.find("did you mean") == std::string::npos);
    CHECK(run("policy lst").text.find("sealstream policy has no command lst; did you mean list?") !=
          std::string::npos);
    CHECK(run("tail --typ=x").text.find("no option --typ; did you mean --type?") !=
          std::string::npos);
    CHECK(run("policy").code == 2);
    CHECK(run("policy").text.find("Usage: sealstream policy") != std::string::npos);
    CHECK(run("append").code == 2);
    CHECK(run("append lines").text.find("append - < lines") != std::string::npos);
    CHECK(run("verify").code == 2);
    CHECK(run("--version").code == 0);
}

TEST_CASE("a misspelt setting is refused with what was probably meant", "[cli]")
{
    const auto outcome = run("serve --set htp.listen=1");

    CHECK(outcome.code == 7);
    CHECK(outcome.text.find("did you mean http.listen") != std::string::npos);
}

TEST_CASE("a key file is made once, for its owner, and never overwritten", "[cli]")
{
    std::string folder = "/tmp/sealstream-cli-XXXXXX";
    REQUIRE(::mkdtemp(folder.data()) != nullptr);
    const std::string file = folder + "/audit.key";

    const auto made = run("keys generate --origin example.org/main --out " + file);
    const auto again = run("keys generate --origin example.org/main --out " + file);
    const auto shown = run("keys show " + file);

    CHECK(made.code == 0);
    CHECK(made.text.starts_with("example.org/main+"));
    CHECK(again.code == 4);
    CHECK(shown.code == 0);
    CHECK(shown.text == made.text);
    CHECK(run("keys show " + folder + "/none").code == 3);
    REQUIRE(::unlink(file.c_str()) == 0);
    ::rmdir(folder.c_str());
}

TEST_CASE("a key that is none is refused before anything is asked", "[cli]")
{
    const auto bad_key = run("verify --key bad --set nats.url=nats://127.0.0.1:1");

    CHECK(bad_key.code == 7);
    CHECK(bad_key.text.find("--key bad") != std::string::npos);
}

TEST_CASE("a verification that reaches no log can not decide", "[cli]")
{
    const std::string key = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    const auto outcome =
        run("verify --timeout 1 --key " + key + " --set nats.url=nats://127.0.0.1:1");

    CHECK(outcome.code == 11);
    CHECK(outcome.text.find("does not answer") != std::string::npos);
}
