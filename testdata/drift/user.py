# Drifts: the name of the user stands in the result.
import getpass

print("built by", getpass.getuser())
