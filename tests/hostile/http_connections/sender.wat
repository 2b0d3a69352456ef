;; Sends 18 requests and keeps all answers, and gives what came of each.
    (data (i32.const 32) "localhost:{{ port }}")
    (data (i32.const 128) "/")
    (func (export "run") (param i32 i32) (result i32)
      (local $at i32)
      (loop $more
        (call $write (i32.add (i32.const 2048) (local.get $at)) (call $send (i32.const 32) (i32.const 128)))
        (local.set $at (i32.add (local.get $at) (i32.const 4)))
        (br_if $more (i32.lt_u (local.get $at) (i32.const 72))))
      (call $give (i32.const 2048) (i32.const 71)))
