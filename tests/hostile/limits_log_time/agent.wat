;; Logs 16 MiB of line breaks, again and again: a turn takes the guest some ten instructions.
(component
  (import "turingbox:agent/log@0.1.0" (instance $log
    (type $level' (enum "debug" "info" "warn" "error"))
    (export "level" (type $level (eq $level')))
    (export "write" (func (param "level" $level) (param "message" string)))))
{{ room }}
  (core func $write (canon lower (func $log "write") (memory $memory)))
  (core module $module
    (import "room" "memory" (memory 1))
    (import "host" "write" (func $write (param i32 i32 i32)))
    (func (export "run") (param i32 i32) (result i32)
      (drop (memory.grow (i32.const 256)))
      (memory.fill (i32.const 0x10000) (i32.const 10) (i32.const 0x1000000))
      (loop $again
        (call $write (i32.const 1) (i32.const 0x10000) (i32.const 0x1000000))
        (br $again))
      (i32.const 0)))
  (core instance $instance (instantiate $module
    (with "room" (instance $room))
    (with "host" (instance (export "write" (func $write))))))
{{ world }})
