#pragma once

// What the node says about itself to orchestrators. Live: the process turns its loop. Started:
// everything that is needed once has happened. Ready: send requests here. Checks are added by the
// wiring and run on the I/O thread; they answer at once from what is known and never wait.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace sealstream::http {

class Health {
public:
    // Empty: well. Otherwise the reason, in words for operators.
    using Check = std::function<std::string()>;

    void add_check(std::string name, Check check) { checks_.push_back({std::move(name), check}); }
    void set_started() noexcept { is_started_ = true; }
    // No way back: a draining node ends.
    void set_draining() noexcept { is_draining_ = true; }

    [[nodiscard]] bool is_started() const noexcept { return is_started_; }
    [[nodiscard]] bool is_draining() const noexcept { return is_draining_; }

    struct Finding {
        std::string name;
        std::string reason; // empty: well
    };
    [[nodiscard]] std::vector<Finding> findings() const;
    [[nodiscard]] bool is_ready() const;

private:
    struct Named {
        std::string name;
        Check check;
    };
    std::vector<Named> checks_;
    bool is_started_{false};
    bool is_draining_{false};
};

} // namespace sealstream::http
