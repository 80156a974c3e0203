#pragma once

// What a verification has found out.

#include "audit/finding.hpp"

#include <vector>

namespace sealstream {

enum class Verdict : std::uint8_t {
    ok,        // everything that is sealed and signed is as it was
    tampered,  // something is not; the findings name it
    undecided, // nothing is wrong, but not everything could be checked
};

[[nodiscard]] std::string_view name(Verdict verdict) noexcept;

struct VerifyReport {
    std::uint64_t events{0}; // records that were compared with their leaf
    std::uint64_t leaves{0};
    std::uint64_t blocks{0};
    std::uint64_t epochs{0};
    std::uint64_t checkpoints{0}; // with a good signature and the right root
    std::uint64_t tree_size{0};   // of the newest of these
    Digest root{};
    std::string note;              // and its signed note
    Position signed_to;            // the last position that it covers
    Position covered;              // the last position that has a leaf
    Position head;                 // the end of the log when this began
    std::uint64_t unsealed{0};     // records without a leaf, at the end
    std::vector<Finding> findings; // the first ones
    std::uint64_t findings_total{0};
    Verdict verdict{Verdict::undecided};
};

// Collects findings, and keeps no more than a bound.
class FindingList {
public:
    FindingList(VerifyReport& report, std::size_t findings_max)
        : report_{report},
          findings_max_{findings_max}
    {
    }

    void add(Finding finding);
    // tampered, undecided, or ok.
    [[nodiscard]] Verdict verdict() const noexcept;

private:
    VerifyReport& report_;
    std::size_t findings_max_;
    bool is_tampered_{false};
    bool is_undecided_{false};
};

} // namespace sealstream
