;; A program for WASI 0.2 that says nothing, and fails.
(component
    (core module $m (func (export "run") (result i32) (i32.const 1)))
    (core instance $i (instantiate $m))
    (func $run (result (result)) (canon lift (core func $i "run")))
    (component $c
        (import "run" (func $f (result (result))))
        (export "run" (func $f)))
    (instance $r (instantiate $c (with "run" (func $run))))
    (export "wasi:cli/run@0.2.3" (instance $r)))
