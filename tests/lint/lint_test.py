#!/usr/bin/env python3
"""The lint checks refuse what they are for, and accept the neighbour that is fine."""

import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import check_format
import check_layers
import check_text
import source_text
from coroutine_rules import coroutine_problems


class Tree:
    """A small project on disk."""

    def __init__(self, files):
        self.folder = tempfile.TemporaryDirectory()
        for name, text in files.items():
            path = pathlib.Path(self.folder.name, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def __enter__(self):
        return self.folder.name

    def __exit__(self, *_):
        self.folder.cleanup()


class Layers(unittest.TestCase):
    def refused(self, name, line):
        with Tree({name: f"#pragma once\n{line}\n"}) as root:
            problems = check_layers.problems_in(root)
        self.assertEqual(len(problems), 1, f"{name} with {line} was not refused once: {problems}")
        self.assertTrue(problems[0].startswith(f"{name}:2: "), problems[0])

    def accepted(self, name, line):
        with Tree({name: f"#pragma once\n{line}\n"}) as root:
            self.assertEqual(check_layers.problems_in(root), [])

    def test_adapters_do_not_know_each_other(self):
        self.refused("jetstream/a.cpp", '#include "postgres/pool.hpp"')
        self.refused("postgres/a.cpp", '#include "jetstream/connection.hpp"')
        self.accepted("projections/a.cpp", '#include "postgres/pool.hpp"')

    def test_core_looks_only_down(self):
        self.refused("core/base/a.hpp", '#include "core/event/event.hpp"')
        self.refused("core/event/a.hpp", '#include "core/ports/event_log.hpp"')
        self.refused("core/ports/a.hpp", '#include "jetstream/options.hpp"')
        self.accepted("core/ports/a.hpp", '#include "core/event/event.hpp"')

    def test_only_the_wiring_names_adapters(self):
        self.refused("node/http/a.cpp", '#include "jetstream/jetstream_event_log.hpp"')
        self.refused("node/dev/a.cpp", '#include "postgres/pool.hpp"')
        self.refused("node/newfolder/a.cpp", '#include "postgres/pool.hpp"')
        self.accepted("node/wiring.cpp", '#include "postgres/pool.hpp"')

    def test_a_header_that_shows_a_library_stays_in_its_room(self):
        self.accepted("jetstream/a.cpp", "#include <nats/nats.h>")
        self.accepted("jetstream/a.hpp", "#include <boost/asio/awaitable.hpp>")
        self.refused("core/ports/a.hpp", "#include <boost/asio/steady_timer.hpp>")
        private = {
            "jetstream/handles.hpp": "#include <nats/nats.h>\n",
            "jetstream/between.hpp": '#include "jetstream/handles.hpp"\n',
            "jetstream/a.cpp": '#include "jetstream/between.hpp"\n',
            "tests/jetstream/a.cpp": '#include "jetstream/between.hpp"\n',
        }
        with Tree(private) as root:
            self.assertEqual(check_layers.problems_in(root), [])
        with Tree({**private, "node/wiring.cpp": '#include "jetstream/between.hpp"\n'}) as root:
            problems = check_layers.problems_in(root)
        self.assertEqual(len(problems), 1)
        self.assertTrue(problems[0].startswith("node/wiring.cpp:1: "), problems[0])

    def test_pure_rooms_do_no_input_or_output(self):
        for line in ["#include <fstream>", "#include <unistd.h>", "#include <boost/asio/awaitable.hpp>"]:
            self.refused("audit/a.cpp", line)
        self.accepted("audit/service/a.cpp", "#include <fstream>")
        self.accepted("audit/a.cpp", "#include <openssl/evp.h>")

    def test_unknown_libraries_folders_and_upward_paths_are_refused(self):
        self.refused("node/a.cpp", "#include <newlib/thing.hpp>")
        self.refused("core/base/a.cpp", '#include "../event/event.hpp"')
        self.refused("core/base/a.cpp", '#include "result.hpp"')
        with Tree({"elsewhere/a.cpp": ""}) as root:
            self.assertEqual(len(check_layers.problems_in(root)), 1)

    def test_configuration_sees_options_only(self):
        self.accepted("config/settings.hpp", '#include "jetstream/options.hpp"')
        self.refused("config/settings.hpp", '#include "jetstream/connection.hpp"')


class Coroutines(unittest.TestCase):
    def rules(self, code):
        return [problem.split(": ")[1] for problem in coroutine_problems("a.cpp", "// awaitable\n" + code)]

    def test_a_capturing_coroutine_lambda_is_refused(self):
        self.assertEqual(self.rules("auto f = [this]() -> asio::awaitable<void> { co_return; };"), ["C1"])
        self.assertEqual(self.rules("auto f = [&x](int a) mutable -> awaitable<Result<int>> {};"), ["C1"])
        self.assertEqual(self.rules("auto f = []() -> asio::awaitable<void> { co_return; };"), [])

    def test_temporaries_in_the_operand_are_refused(self):
        for code in [
            "co_await read(ReadOptions{.limit = 3});",
            'co_await log.append(std::string{"a"}, 3);',
            "co_await pool.run([this] { work(); });",
            "const auto a = co_await read(std::vector<int>{});",
        ]:
            self.assertEqual(self.rules(code), ["C2"], code)
        for code in [
            "co_await read(std::move(options));",
            "co_await stop.sleep_for(milliseconds{10});",
            "const auto [error, size] = co_await socket.async_read(buffer, use_tuple);",
            "co_await (first() || second());",
        ]:
            self.assertEqual(self.rules(code), [], code)

    def test_await_inside_other_expressions_is_refused(self):
        for code in [
            "if (co_await ready()) {}",
            "while (!co_await step()) {}",
            "const bool both = first && co_await second();",
            "const bool both = co_await first() && second;",
            "const int n = yes ? co_await one() : 0;",
            "SEAL_CHECK(co_await ready(), why);",
            "try { a(); } catch (const E&) { co_await recover(); }",
        ]:
            self.assertEqual(self.rules(code), ["C3"], code)
        self.assertEqual(self.rules("SEAL_CO_TRY_VOID(co_await log.sync());"), [])
        self.assertEqual(self.rules("SEAL_CO_TRY(head, co_await log.head());"), [])
        self.assertEqual(self.rules("if (ready) { co_await go(); }"), [])
        self.assertEqual(self.rules("auto&& got = co_await go();"), [])

    def test_await_in_assertions_is_refused(self):
        self.assertEqual(self.rules("REQUIRE(co_await x());"), ["C4"])
        self.assertEqual(self.rules("CHECK_FALSE(co_await x());"), ["C4"])

    def test_comments_and_texts_are_not_code(self):
        self.assertEqual(self.rules('// if (co_await x) {}\nauto s = "REQUIRE(co_await x())";'), [])


class Text(unittest.TestCase):
    def problems(self, files):
        with Tree(files) as root:
            return check_text.problems_in(root)

    def test_unfinished_work_needs_a_condition(self):
        word = "TO" + "DO"
        self.assertEqual(len(self.problems({"a.py": f"# {word}: later\n"})), 1)
        self.assertEqual(self.problems({"a.py": f"# {word} when Boost >= 1.86: use cancel_after\n"}), [])

    def test_log_events_have_the_form_area_dot_happening(self):
        listed = {"core/CMakeLists.txt": "a.cpp"}
        bad = {"core/a.cpp": 'log(Level::warn, "Something failed", "core");\n', **listed}
        good = {"core/a.cpp": 'log(Level::warn, "append.rejected", "core");\n', **listed}
        self.assertEqual(len(self.problems(bad)), 1)
        self.assertEqual(self.problems(good), [])

    def test_a_source_that_no_target_lists_is_named(self):
        problems = self.problems({"core/a.cpp": "", "core/b.cpp": "", "core/CMakeLists.txt": "a.cpp"})
        self.assertEqual(problems, ["core/b.cpp:1: no CMake target lists this file"])
        self.assertEqual(self.problems({"core/x/a.cpp": "", "core/CMakeLists.txt": "x/a.cpp"}), [])
        loop = "foreach(kind one two)\nadd_executable(${kind} ${kind}_fuzz.cpp)\nendforeach()\n"
        self.assertEqual(self.problems({"core/one_fuzz.cpp": "", "core/CMakeLists.txt": loop}), [])
        self.assertEqual(len(self.problems({"core/six_fuzz.cpp": "", "core/CMakeLists.txt": loop})), 1)

    def test_paths_and_hosts_of_one_machine_are_refused(self):
        for text in ["/" + "root/thing", "../" + "shared", "https://deb.debian" + ".org/debian"]:
            self.assertEqual(len(self.problems({"notes.md": text + "\n"})), 1, text)
        self.assertEqual(self.problems({"notes.md": "deps/root/usr and /etc/os-release\n"}), [])
        self.assertEqual(self.problems({".ci/run": "../" + "shared\n"}), [])

    def test_braces_around_a_json_value_are_refused(self):
        listed = {"core/CMakeLists.txt": "a.cpp"}
        for code, count in [("json::value{1}", 1), ("boost::json::value{ text }", 1), ("json::value(1)", 0)]:
            self.assertEqual(len(self.problems({"core/a.cpp": code + ";\n", **listed})), count, code)
        self.assertEqual(self.problems({"core/a.cpp": "json::value{};\n", **listed}), [])

    def test_long_files_say_why(self):
        lines = "\n" * 500
        listed = {"core/CMakeLists.txt": "a.cpp"}
        self.assertEqual(len(self.problems({"core/a.cpp": lines, **listed})), 1)
        self.assertEqual(self.problems({"core/a.cpp": "// Long because it is one table.\n" + lines, **listed}), [])


class Format(unittest.TestCase):
    def test_a_badly_formatted_file_is_refused(self):
        style = pathlib.Path(__file__).parents[2].joinpath(".clang-format").read_text()
        for text, code in [("int  main( ) {return 0 ;}\n", 1), ("int x{1};\n", 0)]:
            with Tree({".clang-format": style, "a.cpp": text}) as root:
                self.assertIn(check_format.main(root), {code, 0} if not has_deciding_version() else {code})


def has_deciding_version():
    import shutil
    import subprocess

    tool = shutil.which("clang-format-14") or shutil.which("clang-format")
    return tool is not None and " 14." in subprocess.run(
        [tool, "--version"], capture_output=True, text=True, check=True
    ).stdout


class Reading(unittest.TestCase):
    def test_blanking_keeps_every_offset(self):
        text = "a(\"x//y\"); // c\n/* d\n */ R\"(\" { )\" 'q' 1'000'000;\n"
        blank = source_text.without_comments_and_literals(text)
        self.assertEqual(len(blank), len(text))
        self.assertEqual(blank.count("\n"), text.count("\n"))
        self.assertNotIn("{", blank)
        self.assertIn("1'000'000;", blank)


if __name__ == "__main__":
    unittest.main()
