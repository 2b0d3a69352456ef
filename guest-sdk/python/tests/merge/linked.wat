;; As wit-component links shared libraries: `$shim` stands for the functions of the host until `$fixup` knows them,
;; `$env` holds what all share, `$b` calls `$a` directly, `$a` calls `$b` through a slot that `$start` fills.
(component
  (import "host" (func $host (param "text" string) (result u32)))
  (import "plain" (func $plain (param "number" u32) (result u32)))

  (core module $shim
    (type $host (func (param i32 i32) (result i32)))
    (table (export "$imports") 1 1 funcref)
    (func (export "0") (type $host) (call_indirect (type $host) (local.get 0) (local.get 1) (i32.const 0))))

  (core module $env
    (memory (export "memory") 1)
    (table (export "table") 8 funcref)
    (global (export "a:memory_base") i32 (i32.const 64))
    (global (export "a:table_base") i32 (i32.const 2))
    (global (export "got") (mut i32) (i32.const 80))
    (global (export "stack") (mut i32) (i32.const 1024))
    (data (i32.const 64) "text")
    (data (i32.const 80) "\2a\00\00\00")
    (type $late (func (param i32) (result i32)))
    (func (export "late") (type $late) (call_indirect (type $late) (local.get 0) (i32.const 5))))

  (core module $a
    (import "env" "memory" (memory 1))
    (import "env" "table" (table 8 funcref))
    (import "env" "base" (global $base i32))
    (import "env" "table_base" (global $table_base i32))
    (import "env" "late" (func $late (param i32) (result i32)))
    (import "host" "host" (func $host (param i32 i32) (result i32)))
    (global (export "text") i32 (i32.add (global.get $base) (i32.const 0)))
    (elem (global.get $table_base) func $unused $twice)
    (func $unused)
    (func $twice (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2)))
    (func $never (unreachable))
    (func (export "ask") (result i32) (call $host (global.get $base) (i32.const 4)))
    (func (export "through") (param i32) (result i32) (call $late (local.get 0))))

  (core module $b
    (import "env" "memory" (memory 1))
    (import "env" "table" (table 8 funcref))
    (import "env" "stack" (global $stack (mut i32)))
    (import "GOT.mem" "answer" (global $answer (mut i32)))
    (import "a" "ask" (func $ask (result i32)))
    (import "a" "through" (func $through (param i32) (result i32)))
    (import "host" "plain" (func $plain (param i32) (result i32)))
    (type $twice (func (param i32) (result i32)))
    (func (export "late") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (global.set $stack (i32.sub (global.get $stack) (local.get 3)))
      (global.get $stack))
    ;; 42 + asked + ((number + 1) * 2) + plain(number)
    (func (export "run") (param $number i32) (result i32)
      (i32.load (global.get $answer))
      (i32.add (call $ask))
      (i32.add (call_indirect (type $twice) (call $through (local.get $number)) (i32.const 3)))
      (i32.add (call $plain (local.get $number)))))

  (core module $start
    (import "env" "table" (table 8 funcref))
    (import "env" "got" (global $got (mut i32)))
    (import "b" "late" (func $late (param i32) (result i32)))
    (elem (i32.const 5) func $late)
    ;; It was called once, before what it did was kept.
    (func $apply (global.set $got (i32.const 80))))

  (core module $fixup
    (import "" "$imports" (table 1 1 funcref))
    (import "" "0" (func $host (param i32 i32) (result i32)))
    (elem (i32.const 0) func $host))

  (core instance $shim (instantiate $shim))
  (core instance $env (instantiate $env))
  (core func $plain (canon lower (func $plain)))
  (core instance $a (instantiate $a
    (with "env" (instance
      (export "memory" (memory $env "memory"))
      (export "table" (table $env "table"))
      (export "base" (global $env "a:memory_base"))
      (export "table_base" (global $env "a:table_base"))
      (export "late" (func $env "late"))))
    (with "host" (instance (export "host" (func $shim "0"))))))
  (core instance $b (instantiate $b
    (with "env" (instance $env))
    (with "GOT.mem" (instance (export "answer" (global $env "got"))))
    (with "a" (instance $a))
    (with "host" (instance (export "plain" (func $plain))))))
  (alias core export $env "memory" (core memory $memory))
  (alias core export $b "realloc" (core func $realloc))
  (core func $host (canon lower (func $host) (memory $memory) (realloc $realloc)))
  (core instance $fixup (instantiate $fixup
    (with "" (instance
      (export "$imports" (table $shim "$imports"))
      (export "0" (func $host))))))
  (core instance $start (instantiate $start (with "env" (instance $env)) (with "b" (instance $b))))
  (func (export "run") (param "number" u32) (result u32) (canon lift (core func $b "run"))))
