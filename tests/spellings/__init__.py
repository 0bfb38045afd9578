"""Spellings: the same CloudTrail records, written as products export them, with the result that each form allows.

`world` plays 200 records. Each of the other modules writes one family of products. Nothing here shares code with the
package under test.
"""
