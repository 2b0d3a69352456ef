;; What counts its fuel: each function can go on for as long as it is told to.
(component
  (import "turingbox:agent/fuel@0.1.0" (instance $fuel (export "refill" (func (result s64)))))

  (core module $main
    (import "turingbox:agent/fuel@0.1.0" "refill" (func $refill (result i64)))
    (type $number (func (param i32) (result i32)))
    (memory (export "memory") 1 3)
    (table 1 funcref)
    (elem (i32.const 0) func $down)
    (func (export "turns") (type $number)
      (loop $more
        (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
        (br_if $more (local.get 0)))
      (local.get 0))
    ;; Through itself, one time in two through the table.
    (func $down (export "down") (type $number)
      (if (i32.eqz (local.get 0)) (then (return (i32.const 7))))
      (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
      (if (result i32) (i32.and (local.get 0) (i32.const 1))
        (then (call_indirect (type $number) (local.get 0) (i32.const 0)))
        (else (call $down (local.get 0)))))
    (func $plain (type $number) (i32.add (local.get 0) (i32.const 1)))
    (func (export "once") (type $number) (call $plain (local.get 0)))
    (func (export "filled") (type $number)
      (memory.fill (i32.const 0) (i32.const 1) (local.get 0))
      (i32.load8_u (i32.const 5)))
    (func (export "copied") (type $number)
      (memory.copy (i32.const 8) (i32.const 0) (local.get 0))
      (i32.const 0))
    (func (export "grown") (type $number) (memory.grow (local.get 0)))
    ;; Takes as many turns as it is to give bytes.
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (loop $more
        (local.set 3 (i32.sub (local.get 3) (i32.const 1)))
        (br_if $more (i32.ne (local.get 3) (i32.const 0))))
      (i32.const 64))
    (func (export "taken") (param i32 i32) (result i32) (local.get 1))
    ;; Never comes to an end.
    (func (export "stuck") (param i32 i32 i32 i32) (result i32) 
      (loop $more
        (memory.fill (i32.const 0) (i32.const 0) (i32.const 60000))
        (br $more))
      (unreachable))
    (func (export "unburnt") (result i64) (unreachable))
    (func (export "clean_up") (param i64) (unreachable)))

  (core func $refill (canon lower (func $fuel "refill")))
  (core instance $given (export "refill" (func $refill)))
  (core instance $main (instantiate $main (with "turingbox:agent/fuel@0.1.0" (instance $given))))

  (alias core export $main "memory" (core memory $memory))
  (func (export "turns") (param "number" u32) (result u32) (canon lift (core func $main "turns")))
  (func (export "down") (param "number" u32) (result u32) (canon lift (core func $main "down")))
  (func (export "once") (param "number" u32) (result u32) (canon lift (core func $main "once")))
  (func (export "filled") (param "number" u32) (result u32) (canon lift (core func $main "filled")))
  (func (export "copied") (param "number" u32) (result u32) (canon lift (core func $main "copied")))
  (func (export "grown") (param "number" u32) (result u32) (canon lift (core func $main "grown")))
  (func (export "taken") (param "text" string) (result u32)
    (canon lift (core func $main "taken") (memory (core memory $memory)) (realloc (core func $main "realloc"))))
  (func (export "stuck") (param "text" string) (result u32)
    (canon lift (core func $main "taken") (memory (core memory $memory)) (realloc (core func $main "stuck"))))
  (func (export "unburnt") (result s64) (canon lift (core func $main "unburnt") (post-return (core func $main "clean_up")))))
