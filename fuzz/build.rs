//! What the program's own build script would say.
fn main() {
    println!("cargo::rustc-check-cfg=cfg(fuzzing)");
    for name in ["COMMIT", "DATE", "TARGET", "RUSTC", "LIBC"] {
        println!("cargo::rustc-env=KUBENSENTER_{name}=fuzz");
    }
}
