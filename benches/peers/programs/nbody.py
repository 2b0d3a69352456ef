"""Five bodies around each other: floats, lists and tuples."""

STEPS = 8000

SUN = 4 * 3.141592653589793**2
YEAR = 365.24

PLANETS = [
    (4.84143144246472, -1.16032004402742, -0.103622044471123, 0.00166007664274404, 0.00769901118419740, -6.90460016972063e-05, 9.54791938424327e-04),
    (8.34336671824458, 4.12479856412430, -0.403523417114321, -0.00276742510726411, 0.00499852801234917, 2.30417297573764e-05, 2.85885980666131e-04),
    (12.8943695621391, -15.1111514016986, -0.223307578892656, 0.00296460137564761, 0.00237847173959481, -2.96589568540238e-05, 4.36624404335156e-05),
    (15.3796971148509, -25.9193146099880, 0.179258772950371, 0.00268067772490389, 0.00162824170038242, -9.51592254519716e-05, 5.15138902046611e-05),
]


def bodies():
    found = [[x, y, z, vx * YEAR, vy * YEAR, vz * YEAR, mass * SUN] for x, y, z, vx, vy, vz, mass in PLANETS]
    pull = [-sum([body[3 + axis] * body[6] for body in found]) / SUN for axis in range(3)]
    return [[0.0, 0.0, 0.0, pull[0], pull[1], pull[2], SUN]] + found


def pairs(system):
    return [(a, b) for i, a in enumerate(system) for b in system[i + 1:]]


def advance(system, couples, steps, dt):
    for _ in range(steps):
        for a, b in couples:
            dx = a[0] - b[0]
            dy = a[1] - b[1]
            dz = a[2] - b[2]
            force = dt * (dx * dx + dy * dy + dz * dz) ** -1.5
            left = b[6] * force
            right = a[6] * force
            a[3] -= dx * left
            a[4] -= dy * left
            a[5] -= dz * left
            b[3] += dx * right
            b[4] += dy * right
            b[5] += dz * right
        for body in system:
            body[0] += dt * body[3]
            body[1] += dt * body[4]
            body[2] += dt * body[5]


def energy(system, couples):
    total = 0.0
    for a, b in couples:
        distance = ((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 + (a[2] - b[2]) ** 2) ** 0.5
        total -= a[6] * b[6] / distance
    for body in system:
        total += body[6] * (body[3] ** 2 + body[4] ** 2 + body[5] ** 2) / 2
    return total


def main():
    system = bodies()
    couples = pairs(system)
    advance(system, couples, STEPS, 0.01)
    return str(round(energy(system, couples) * 1000000))
