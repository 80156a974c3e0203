#include "tests/ports/event_log_contract.hpp"

#include "tests/support/catch.hpp"

namespace sealstream::testing {

void check_event_log_contract(const LogFactory& make)
{
    for (const auto rules : {append_rules(), check_rules(), repeat_rules(), read_rules(),
                             feed_rules(), filter_rules()}) {
        for (const LogRule& rule : rules) {
            DYNAMIC_SECTION(rule.name)
            {
                rule.check(make);
            }
        }
    }
}

} // namespace sealstream::testing
