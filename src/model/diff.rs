//! The difference of two short texts, as `diff -u` writes it.

use diffy::DiffOptions;

use super::text::shown_lines;

/// What turns `old` into `new`; `None` is a file that is not there. Empty where both are the same.
pub fn unified(path: &str, old: Option<&str>, new: Option<&str>) -> String {
    if old == new {
        return String::new();
    }
    let side = |text: Option<&str>| text.map_or("/dev/null", |_| path).to_owned();
    let mut options = DiffOptions::new();
    options.set_original_filename(side(old)).set_modified_filename(side(new));
    let patch = options.create_patch(old.unwrap_or_default(), new.unwrap_or_default());
    shown_lines(&patch.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_file_and_a_removed_one() {
        assert_eq!(unified("/a", None, Some("1\n2\n")), "--- /dev/null\n+++ /a\n@@ -0,0 +1,2 @@\n+1\n+2\n");
        assert_eq!(unified("/a", Some("1\n"), None), "--- /a\n+++ /dev/null\n@@ -1 +0,0 @@\n-1\n");
        assert_eq!(unified("/a", Some("1\n"), Some("1\n")), "");
    }

    #[test]
    fn a_change_with_its_context() {
        let old = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n";
        let new = old.replace("5\n6\n", "5\nx\n").replace("13\n", "13\ny\n");
        assert_eq!(
            unified("/a", Some(old), Some(&new)),
            "--- /a\n+++ /a\n@@ -3,7 +3,7 @@\n 3\n 4\n 5\n-6\n+x\n 7\n 8\n 9\n@@ -11,3 +11,4 @@\n 11\n 12\n 13\n+y\n"
        );
    }

    #[test]
    fn no_line_of_a_file_steers_a_terminal() {
        assert_eq!(
            unified("/a", None, Some("a\tb\x1b[2J\r\n")),
            "--- /dev/null\n+++ /a\n@@ -0,0 +1 @@\n+a\tb\\x1b[2J\\x0d\n"
        );
    }
}
