raise ImportError("this test has none")
