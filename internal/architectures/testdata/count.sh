# Makes files and prints.
mkdir made
for i in 1 2 3; do echo "naïve $i" >made/$i; done
chmod 700 made/2
wc -c made/1
echo "{\"x\": 0.1}"
