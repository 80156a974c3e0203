#!/usr/bin/env python3
"""The runner of the documents' examples refuses what a page must not say."""

import contextlib
import io
import pathlib
import tempfile
import unittest
import unittest.mock

import docs_test


def problem(block):
    (example,) = docs_test.examples_of("page.md", f"text\n\n```sh\n{block}\n```\n")
    with tempfile.TemporaryDirectory() as folder:
        shell = docs_test.Shell(pathlib.Path(folder))
        try:
            return docs_test.problem_of(shell, example)
        finally:
            shell.close()


def run_page_with(page, text):
    """The exit code for a page with this text, and what is printed."""
    printed = io.StringIO()
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, page)
        path.parent.mkdir()
        path.write_text(text, encoding="utf-8")
        with unittest.mock.patch.object(docs_test, "ROOT", pathlib.Path(folder)), contextlib.redirect_stdout(printed):
            return docs_test.run_page(page), printed.getvalue()


class RunnerTest(unittest.TestCase):
    def test_what_is_printed_as_shown_is_good(self):
        self.assertIsNone(problem('$ echo \'{"a":1,\'; echo \' "b":2}\'\n{"a":1, "b":2}'))
        self.assertIsNone(problem("$ printf 'one\\ntwo\\nthree\\n'\none\n…\nthree"))
        self.assertIsNone(problem("$ X=1 && echo a \\\n    b\na b"))
        self.assertIsNone(problem("$ false # exit 1"))

    def test_other_output_is_a_problem_that_names_the_line(self):
        self.assertIn("page.md:4: X=1 echo two", problem("$ X=1 echo two\none"))
        self.assertIsNotNone(problem("$ X=1 && echo one two\none"))
        self.assertIsNotNone(problem("$ X=1 && echo one\none…two"))

    def test_another_exit_code_is_a_problem(self):
        self.assertIn("exit code 3", problem("$ X=1; (exit 3)"))
        self.assertIsNotNone(problem("$ X=1; true # exit 10"))

    def test_ids_and_times_are_equal_but_positions_are_not(self):
        shown = '{"id":"01a1fbc9-cf2e-7000-8eec-da6045f725b7","time":"2026-11-21T03:45:23.8Z","position":"7"}'
        other = shown.replace("01a1", "02b2").replace("03:45", "04:46")
        self.assertTrue(docs_test.is_as_shown(shown, other))
        self.assertFalse(docs_test.is_as_shown(shown, other.replace('"7"', '"8"')))
        self.assertFalse(docs_test.is_as_shown(shown, shown.replace("01a1fbc9-", "01a1fbc9")))
        self.assertTrue(docs_test.is_as_shown('{"id":"01a1…","time":"…","position":"7"}', other.replace("02b2", "01a1")))

    def test_of_the_head_what_is_shown_must_be_there_with_its_value(self):
        answer = 'HTTP/1.1 201 Created\r\nDate: x\r\nETag: "1"\r\n\r\n{}\n'
        self.assertTrue(docs_test.is_as_shown('HTTP/1.1 201 Created\nETag: "1"\n\n{}', answer))
        self.assertTrue(docs_test.is_as_shown("HTTP/1.1 201 Created", answer))
        self.assertFalse(docs_test.is_as_shown('HTTP/1.1 201 Created\nETag: "2"', answer))
        self.assertFalse(docs_test.is_as_shown('HTTP/1.1 200 OK\nETag: "1"\n\n{}', answer))
        self.assertFalse(docs_test.is_as_shown('HTTP/1.1 201 Created\n\n{"a":1}', answer))

    def test_only_commands_of_sh_blocks_are_run(self):
        page = "```text\n$ a\n```\n```sh\n./dev run\n$ b \\\n  c\nout\n```\n$ d\n"
        (example,) = docs_test.examples_of("page.md", page)
        self.assertEqual((example.command, example.expected), ("b \\\n  c", ["out"]))

    def test_a_page_without_an_example_is_a_problem_that_names_the_page(self):
        for text in ("# Only words\n", "```text\n$ a\n```\n", "```sh\n./dev run\n```\n"):
            code, printed = run_page_with("docs/page.md", text)
            self.assertEqual(code, 1)
            self.assertIn("docs/page.md: has no example", printed)

    def test_the_index_needs_no_example(self):
        self.assertEqual(run_page_with("docs/README.md", "# The pages\n"), (0, ""))

    def test_an_append_in_sql_is_not_tried_again(self):
        self.assertTrue(docs_test.CHANGES.search("psql <<'SQL'\nSELECT * FROM sealstream.append('main', …);\nSQL"))
        self.assertFalse(docs_test.CHANGES.search("psql -c 'SELECT position FROM sealstream.outbox'"))


if __name__ == "__main__":
    unittest.main()
