"""Tasks of three kinds that send each other messages: classes, methods and attributes."""

ROUNDS = 8000


class Message:
    def __init__(self, kind, amount, sender):
        self.kind = kind
        self.amount = amount
        self.sender = sender
        self.hops = 0


class Task:
    def __init__(self, name, priority):
        self.name = name
        self.priority = priority
        self.inbox = []
        self.handled = 0
        self.next = None

    def send(self, message):
        message.hops += 1
        self.inbox.append(message)

    def is_waiting(self):
        return not self.inbox

    def run(self, clock):
        message = self.inbox.pop()
        self.handled += 1
        self.handle(message, clock)

    def handle(self, message, clock):
        raise NotImplementedError(self.name)


class Relay(Task):
    def handle(self, message, clock):
        self.next.send(message)


class Worker(Task):
    def __init__(self, name, priority):
        super().__init__(name, priority)
        self.seed = priority * 7919

    def draw(self):
        self.seed = (self.seed * 3877 + 29573) % 139968
        return self.seed

    def handle(self, message, clock):
        message.amount = (message.amount + self.draw()) % 65537
        self.next.send(message if message.hops < 40 else Message("fresh", clock, self))


class Counter(Task):
    def __init__(self, name, priority):
        super().__init__(name, priority)
        self.total = 0

    def handle(self, message, clock):
        self.total = (self.total * 31 + message.amount + message.hops) % 1000003
        if message.kind == "fresh":
            message.kind = "known"
        self.next.send(message)


class Scheduler:
    def __init__(self, tasks):
        self.tasks = tasks
        self.clock = 0
        for one, other in zip(tasks, tasks[1:] + tasks[:1]):
            one.next = other

    def step(self):
        self.clock += 1
        for task in self.tasks:
            if not task.is_waiting():
                task.run(self.clock)


def main():
    tasks = []
    for number in range(4):
        tasks.append(Relay("relay" + str(number), number + 1))
        tasks.append(Worker("worker" + str(number), number + 5))
        tasks.append(Counter("counter" + str(number), number + 9))
    scheduler = Scheduler(tasks)
    for number, task in enumerate(tasks):
        task.send(Message("first", number, task))
    for _ in range(ROUNDS):
        scheduler.step()
    totals = [task.total for task in tasks if isinstance(task, Counter)]
    return f"{sum(totals)} {sum([task.handled for task in tasks])}"
