#include "tests/ports/audit_log_contract.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/run_task.hpp"

namespace sealstream::testing {

namespace {

class Driver {
public:
    explicit Driver(const AuditLogFactory& make) : under_test_{make()} {}

    AuditLog& first() { return under_test_->first_writer(); }
    AuditLog& second() { return under_test_->second_writer(); }

    Result<std::uint64_t> append(AuditLog& writer, std::uint64_t last,
                                 const std::vector<std::string>& texts)
    {
        std::vector<Bytes> entries;
        for (const std::string& text : texts) {
            entries.push_back(to_bytes(text));
        }
        return run_task(under_test_->context(), writer.append(last, std::move(entries)));
    }

    std::vector<AuditEntry> read_from(AuditLog& reader, std::uint64_t after,
                                      std::size_t entries_max)
    {
        auto read = run_task(under_test_->context(), reader.read_from(after, entries_max));
        INFO((read ? "" : describe(read.error())));
        REQUIRE(read.has_value());
        return *std::move(read);
    }

    std::uint64_t last(AuditLog& reader)
    {
        const auto last = run_task(under_test_->context(), reader.last());
        INFO((last ? "" : describe(last.error())));
        REQUIRE(last.has_value());
        return *last;
    }

    // The whole stream, each text followed by a space.
    std::string all(AuditLog& reader)
    {
        std::string texts;
        for (const AuditEntry& entry : read_from(reader, 0, 1000)) {
            texts += std::string{as_text(entry.bytes)} + " ";
        }
        return texts;
    }

private:
    std::unique_ptr<AuditLogUnderTest> under_test_;
};

void check_is(const Result<std::uint64_t>& appended, std::uint64_t last)
{
    INFO((appended ? "" : describe(appended.error())));
    REQUIRE(appended.has_value());
    CHECK(*appended == last);
}

void check_conflict(const Result<std::uint64_t>& appended)
{
    REQUIRE(!appended.has_value());
    CHECK(appended.error().code == Errc::conflict);
}

void entries_follow_each_other(const AuditLogFactory& make)
{
    Driver driver{make};
    CHECK(driver.last(driver.first()) == 0);
    CHECK(driver.read_from(driver.first(), 0, 10).empty());

    check_is(driver.append(driver.first(), 0, {"a"}), 1);
    check_is(driver.append(driver.first(), 1, {"b", "c", "d"}), 4);
    check_is(driver.append(driver.first(), 4, {std::string(20'000, 'e')}), 5);

    CHECK(driver.last(driver.second()) == 5);
    CHECK(driver.all(driver.second()) == "a b c d " + std::string(20'000, 'e') + " ");
}

void a_second_writer_fences_the_first(const AuditLogFactory& make)
{
    Driver driver{make};
    check_is(driver.append(driver.first(), 0, {"a1", "a2"}), 2);
    check_is(driver.append(driver.second(), 2, {"b1"}), 3);

    check_conflict(driver.append(driver.first(), 2, {"a3", "a4"}));
    check_conflict(driver.append(driver.first(), 2, {"a3"}));

    check_is(driver.append(driver.second(), 3, {"b2"}), 4);
    CHECK(driver.all(driver.first()) == "a1 a2 b1 b2 ");
}

void an_append_from_the_wrong_place_is_refused(const AuditLogFactory& make)
{
    Driver driver{make};
    check_conflict(driver.append(driver.first(), 1, {"a"}));
    check_is(driver.append(driver.first(), 0, {"a", "b"}), 2);
    check_conflict(driver.append(driver.first(), 0, {"c"}));
    check_conflict(driver.append(driver.first(), 1, {"c"}));
    check_conflict(driver.append(driver.first(), 3, {"c"}));
    CHECK(driver.all(driver.first()) == "a b ");
}

void the_same_bytes_twice_are_two_entries(const AuditLogFactory& make)
{
    Driver driver{make};
    check_is(driver.append(driver.first(), 0, {"a", "a"}), 2);
    check_is(driver.append(driver.first(), 2, {"a"}), 3);
    CHECK(driver.all(driver.first()) == "a a a ");
}

void entries_are_read_page_by_page(const AuditLogFactory& make)
{
    Driver driver{make};
    std::vector<std::string> texts;
    for (int number = 0; number < 300; ++number) {
        texts.push_back("entry " + std::to_string(number));
    }
    check_is(driver.append(driver.first(), 0, texts), 300);
    for (const std::size_t entries_max : {1U, 7U, 299U, 300U, 301U}) {
        INFO(entries_max << " entries a page");
        std::uint64_t after = entries_max == 1 ? 290 : 0;
        bool are_right = true;
        while (true) {
            const auto page = driver.read_from(driver.first(), after, entries_max);
            if (page.empty()) {
                break;
            }
            REQUIRE(page.size() <= entries_max);
            for (const AuditEntry& entry : page) {
                are_right = are_right && entry.sequence == ++after &&
                            as_text(entry.bytes) == texts.at(after - 1);
            }
            REQUIRE(are_right);
        }
        CHECK(after == 300);
    }
    CHECK(driver.read_from(driver.first(), 400, 10).empty());
}

struct Rule {
    const char* name;
    void (*check)(const AuditLogFactory&);
};

constexpr std::array audit_rules{
    Rule{"entries follow each other", entries_follow_each_other},
    Rule{"a second writer fences the first", a_second_writer_fences_the_first},
    Rule{"an append from the wrong place is refused", an_append_from_the_wrong_place_is_refused},
    Rule{"the same bytes twice are two entries", the_same_bytes_twice_are_two_entries},
    Rule{"entries are read page by page", entries_are_read_page_by_page},
};

} // namespace

void check_audit_log_contract(const AuditLogFactory& make)
{
    for (const Rule& rule : audit_rules) {
        DYNAMIC_SECTION(rule.name)
        {
            rule.check(make);
        }
    }
}

} // namespace sealstream::testing
