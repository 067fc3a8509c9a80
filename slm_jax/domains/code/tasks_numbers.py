"""Tasks about numbers."""

from __future__ import annotations

import math

from slm_jax.domains.code.tasks import kind, whole

F = "numbers"
SMALL, LARGE = whole(0, 40), whole(0, 5000)


def _primes(limit: int) -> list[int]:
    return [v for v in range(2, limit + 1) if sum(v % d == 0 for d in range(1, v + 1)) == 2]


def _fibonacci(n: int) -> int:
    return round(((1 + math.sqrt(5)) / 2) ** n / math.sqrt(5))


kind(
    F, "is_prime|prime(n)",
    "True if {n} is a prime number, else False"
    "|whether {n} is prime"
    "|whether {n} has exactly two divisors",
    """
    if n < 2:
        return False
    for i in range(2, int(n ** 0.5) + 1):
        if n % i == 0:
            return False
    return True
    """,
    lambda n: n in _primes(n),
    SMALL,
)
kind(
    F, "primes_up_to|list_primes(n)",
    "a list of the primes up to and including {n}"
    "|all prime numbers not above {n}, in order"
    "|the list of primes from 2 to {n}",
    "return [v for v in range(2, n + 1) if all(v % i for i in range(2, int(v ** 0.5) + 1))]",
    _primes,
    SMALL,
)
kind(
    F, "factorial|product_up_to(n)",
    "the factorial of {n}"
    "|the product of the whole numbers from 1 to {n}"
    "|{n} times all whole numbers below it down to 1; 1 for 0",
    """
    result = 1
    for i in range(2, n + 1):
        result *= i
    return result
    """,
    math.factorial,
    whole(0, 15),
)
kind(
    F, "fibonacci|fib(n)",
    "Fibonacci number {n}, where number 0 is 0 and number 1 is 1"
    "|the Fibonacci number with index {n} (0, 1, 1, 2, 3, ...)"
    "|element {n}, counted from 0, of the Fibonacci sequence that begins 0, 1",
    """
    left, right = 0, 1
    for _ in range(n):
        left, right = right, left + right
    return left
    """,
    _fibonacci,
    whole(0, 30),
)
kind(
    F, "greatest_common_divisor|gcd_of(a, b)",
    "the greatest common divisor of {a} and {b}"
    "|the largest number that divides both {a} and {b}"
    "|the gcd of {a} and {b}",
    """
    while b:
        a, b = b, a % b
    return a
    """,
    math.gcd,
    whole(1, 120), whole(1, 60),
)
kind(
    F, "least_common_multiple|lcm_of(a, b)",
    "the least common multiple of {a} and {b}"
    "|the smallest positive number that both {a} and {b} divide"
    "|the lcm of {a} and {b}",
    """
    import math

    return a * b // math.gcd(a, b)
    """,
    math.lcm,
    whole(1, 40), whole(1, 40),
)
kind(
    F, "sum_of_digits|digit_sum(n)",
    "the sum of the digits of {n}"
    "|what the decimal digits of {n} add up to"
    "|the digit sum of the whole number {n}",
    "return sum(int(c) for c in str(n))",
    lambda n: sum(n // 10**i % 10 for i in range(12)),
    LARGE,
)
kind(
    F, "count_digits|number_of_digits(n)",
    "the number of digits of {n}"
    "|how many digits {n} has"
    "|how long {n} is when written in decimal",
    "return len(str(n))",
    lambda n: 1 if n == 0 else int(math.log10(n) + 1e-9) + 1,
    LARGE,
)
kind(
    F, "reverse_digits|digits_reversed(n)",
    "the whole number with the digits of {n} in reverse order"
    "|{n} read backwards, as an int"
    "|the int that the digits of {n} make from last to first",
    "return int(str(n)[::-1])",
    lambda n: sum(int(c) * 10**i for i, c in enumerate(str(n))),
    LARGE,
)
kind(
    F, "divisors|all_divisors(n)",
    "a sorted list of the divisors of {n}"
    "|all whole numbers from 1 to {n} that divide {n}, as a list"
    "|the factors of {n} in rising order, 1 and itself included",
    "return [i for i in range(1, n + 1) if n % i == 0]",
    lambda n: sorted({d for i in range(1, math.isqrt(n) + 1) if n % i == 0 for d in (i, n // i)}),
    whole(1, 100),
)
kind(
    F, "is_multiple|divides_evenly(n)",
    "True if {n} divides by $k, else False"
    "|whether {n} is a multiple of $k"
    "|whether $k goes into {n} without a remainder",
    "return n % $k == 0",
    lambda n, k: n in range(0, n + 1, k),
    LARGE, k=(3, 4, 6, 7, 9, 11),
)
kind(
    F, "clamp|limit_to_range(n)",
    "{n}, but at least $low and at most $high"
    "|{n} limited to the range from $low to $high"
    "|$low if {n} is below it, $high if {n} is above that, else {n}",
    "return max($low, min($high, n))",
    lambda n, low, high: sorted((low, n, high))[1],
    whole(-30, 130), low=(0, 5, -10), high=(20, 50, 100),
)
kind(
    F, "sum_to|sum_of_first(n)",
    "the sum of the whole numbers from 1 to {n}"
    "|1 + 2 + ... up to {n}"
    "|what all whole numbers from 1 up to {n} add up to",
    "return n * (n + 1) // 2",
    lambda n: sum(range(1, n + 1)),
    LARGE,
)
kind(
    F, "sum_of_multiples|multiples_total(n)",
    "the sum of all multiples of $k below {n}"
    "|the total of the positive whole numbers less than {n} that divide by $k"
    "|what the multiples of $k under {n} add up to",
    "return sum(range($k, n, $k))",
    lambda n, k: sum(v for v in range(n) if v % k == 0),
    whole(0, 200), k=(3, 4, 5, 7),
)
kind(
    F, "to_binary|binary_digits(n)",
    "the binary digits of {n} as a string"
    "|{n} written in base 2, without a prefix"
    "|a string of 0 and 1 for {n}",
    "return bin(n)[2:]",
    lambda n: f"{n:b}",
    LARGE,
)
kind(
    F, "from_binary|binary_value(text)",
    "the int that the binary digits in {text} stand for"
    "|the value of {text}, a string of 0 and 1, in base 2"
    "|the number written in binary as {text}",
    "return int(text, 2)",
    lambda t: sum(2**i for i, c in enumerate(reversed(t)) if c == "1"),
    lambda g: f"{g.randint(0, 500):b}",
)
kind(
    F, "nth_power|to_the_power(n)",
    "{n} to the power of $k"
    "|{n} multiplied by itself so that it stands $k times"
    "|the power of {n} with exponent $k",
    "return n ** $k",
    lambda n, k: math.prod([n] * k),
    whole(-9, 12), k=(2, 3, 4, 5),
)
kind(
    F, "is_perfect_square|square_number(n)",
    "True if {n} is a perfect square, else False"
    "|whether {n} is the square of a whole number"
    "|whether the square root of {n} is whole",
    """
    root = int(n ** 0.5)
    return root * root == n
    """,
    lambda n: n in {i * i for i in range(n + 1)},
    lambda g: g.choice((g.randint(0, 60), g.randint(0, 8) ** 2)),
)
kind(
    F, "to_fahrenheit|celsius_to_fahrenheit(n)",
    "{n} degrees Celsius in Fahrenheit, rounded to $k decimals"
    "|the Fahrenheit value of {n} degrees Celsius with $k decimals"
    "|what {n} °C is in °F, rounded to $k places",
    "return round(n * 9 / 5 + 32, $k)",
    lambda n, k: round(n * 9 / 5 + 32, k),
    lambda g: g.choice((g.randint(-30, 45), g.randint(-3000, 4500) / 100)), k=(1, 2),
)
kind(
    F, "percent_of|percentage(a, b)",
    "what percent {a} is of {b}, rounded to $k decimals, or 0.0 if {b} is 0"
    "|{a} as a percentage of {b} with $k decimals, 0.0 where {b} is 0"
    "|100 times {a} over {b}, rounded to $k places (0.0 for a {b} of 0)",
    "return round(100 * a / b, $k) if b else 0.0",
    lambda a, b, k: 0.0 if b == 0 else round(100 * a / b, k),
    whole(0, 60), whole(0, 40), k=(1, 2),
)
kind(
    F, "collatz_steps|steps_to_one(n)",
    "the number of Collatz steps from {n} to 1"
    "|how many times {n} must be halved if even, or tripled plus one if odd, to reach 1"
    "|the length of the Collatz sequence from {n} to 1, not counting {n}",
    """
    count = 0
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        count += 1
    return count
    """,
    lambda n: _collatz(n),
    whole(1, 30),
)
kind(
    F, "fizz_buzz|fizz_or_buzz(n)",
    "'Fizz' if {n} divides by $k, 'Buzz' if by $m, 'FizzBuzz' if by both, else {n} as a string"
    "|'FizzBuzz' for multiples of both $k and $m, 'Fizz' for those of $k, 'Buzz' for those of $m, and str({n}) otherwise"
    "|the FizzBuzz word of {n} with $k for Fizz and $m for Buzz, or the number as a string",
    """
    result = ""
    if n % $k == 0:
        result += "Fizz"
    if n % $m == 0:
        result += "Buzz"
    return result or str(n)
    """,
    lambda n, k, m: {(True, True): "FizzBuzz", (True, False): "Fizz", (False, True): "Buzz"}.get((n % k == 0, n % m == 0), f"{n}"),
    whole(1, 60), k=(2, 3), m=(5, 7),
)
kind(
    F, "sign_of|sign(n)",
    "1 if {n} is positive, -1 if it is negative, else 0"
    "|the sign of {n} as 1, 0 or -1"
    "|-1, 0 or 1 as {n} is below, at or above zero",
    """
    if n > 0:
        return 1
    if n < 0:
        return -1
    return 0
    """,
    lambda n: (n > 0) - (n < 0),
    whole(-5, 5),
)
kind(
    F, "digits_of|list_digits(n)",
    "a list of the digits of {n} as ints"
    "|the decimal digits of {n}, in order, as a list of numbers"
    "|[1, 2, 3] for 123: the digits of {n}",
    "return [int(c) for c in str(n)]",
    lambda n: [ord(c) - 48 for c in f"{n}"],
    LARGE,
)
kind(
    F, "round_to_multiple|round_down(n)",
    "the largest multiple of $k that is not above {n}"
    "|{n} rounded down to a multiple of $k"
    "|{n} less its remainder when divided by $k",
    "return n // $k * $k",
    lambda n, k: n - n % k,
    LARGE, k=(5, 10, 25, 50),
)


def _collatz(n: int) -> int:
    return 0 if n == 1 else 1 + _collatz(3 * n + 1 if n & 1 else n >> 1)
