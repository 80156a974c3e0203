#include "jetstream/subject.hpp"

#include "core/base/encoding.hpp"
#include "core/event/digest.hpp"

#include <algorithm>

namespace sealstream::jetstream {

namespace {

bool is_plain(std::string_view id)
{
    const auto is_safe = [](char letter) {
        return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
               (letter >= '0' && letter <= '9') || letter == '-' || letter == '_' ||
               letter == ':' || letter == '@' || letter == '+' || letter == '=';
    };
    return !id.empty() && id.size() <= plain_token_bytes_max &&
           std::all_of(id.begin(), id.end(), is_safe);
}

} // namespace

std::string subject_of(std::string_view ledger, const StreamName& stream)
{
    std::string subject{"ev."};
    subject.append(ledger).append(".").append(stream.type).append(".");
    if (is_plain(stream.id)) {
        subject.append(stream.id);
    } else {
        subject.append("~").append(to_base64url(sha256(as_bytes(stream.id)).view()));
    }
    return subject;
}

std::string log_name(std::string_view ledger)
{
    return "EV_" + std::string{ledger};
}

std::string log_subjects(std::string_view ledger)
{
    return "ev." + std::string{ledger} + ".>";
}

std::vector<std::string> subjects_of_types(std::string_view ledger,
                                           const std::vector<std::string>& types)
{
    std::vector<std::string> subjects;
    for (const std::string& type : types) {
        subjects.push_back("ev." + std::string{ledger} + "." + type + ".*");
    }
    return subjects;
}

std::string audit_stream_name(std::string_view ledger)
{
    return "AUDIT_" + std::string{ledger};
}

std::string audit_subject(std::string_view ledger)
{
    return "audit." + std::string{ledger};
}

} // namespace sealstream::jetstream
