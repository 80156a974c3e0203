// Our CBOR against an implementation that others wrote, python3-cbor2 with canonical=True: byte for
// byte.
//
// The two rules differ (RFC 7049, 3.9 sorts keys by length first; RFC 8949, 4.2.1 by bytes), but
// not for maps with text keys: there the length stands in the first bytes.

#include "core/base/encoding.hpp"
#include "core/event/canonical_json.hpp"
#include "core/event/cbor.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/sample_events.hpp"
#include "tests/support/seed.hpp"
#include "tests/support/source_files.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>

using namespace sealstream;
using namespace sealstream::testing;

namespace {

constexpr const char* python =
    "/usr/bin/python3"; // the distribution's, which its packages belong to

// A folder that goes away with its owner.
class TemporaryFolder {
public:
    TemporaryFolder()
    {
        std::string name =
            (std::filesystem::temp_directory_path() / "sealstream-cbor-XXXXXX").string();
        REQUIRE(mkdtemp(name.data()) != nullptr);
        path_ = name;
    }
    ~TemporaryFolder() { std::filesystem::remove_all(path_); }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    [[nodiscard]] std::string file(const char* name) const { return (path_ / name).string(); }

private:
    std::filesystem::path path_;
};

bool has_cbor2()
{
    const std::string command = std::string{python} + " -c 'import cbor2' 2>/dev/null";
    return std::system(command.c_str()) == 0;
}

} // namespace

TEST_CASE("CBOR is what python3-cbor2 makes of the same values", "[event][property]")
{
    if (!has_cbor2()) {
        std::cout << "SKIPPED: python3-cbor2 is not installed" << std::endl;
        return;
    }
    auto random = random_generator(30);
    std::vector<std::string> texts;
    for (int round = 0; round < 5000; ++round) {
        texts.push_back(random_json(random, 4));
    }
    const TemporaryFolder folder;
    {
        std::ofstream input{folder.file("input"), std::ios::binary};
        for (const std::string& text : texts) {
            input << text << '\n';
        }
    }
    const std::string command = std::string{python} + " " +
                                source_path("tests/event/cbor_reference.py") + " < " +
                                folder.file("input") + " > " + folder.file("output");
    REQUIRE(std::system(command.c_str()) == 0);

    std::ifstream output{folder.file("output")};
    std::size_t different = 0;
    std::size_t not_read_back = 0;
    for (const std::string& text : texts) {
        std::string expected;
        REQUIRE(std::getline(output, expected));
        Bytes encoded;
        append_cbor_value(encoded, *parse_json(text));
        if (to_hex(encoded) != expected) {
            ++different;
            UNSCOPED_INFO(text << "\n" << to_hex(encoded) << "\n" << expected);
        }
        CborReader reader{encoded};
        const auto value = reader.value();
        not_read_back +=
            !value || !reader.is_at_end() || to_canonical_json(*value) != text ? 1U : 0U;
    }
    CHECK(different == 0);
    CHECK(not_read_back == 0);
}
