package expr

import (
	"fmt"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// elements lists the elements of a list parameter and refuses a null among them.
func elements(list cty.Value) ([]cty.Value, error) {
	var out []cty.Value
	for it := list.ElementIterator(); it.Next(); {
		i, v := it.Element()
		if v.IsNull() {
			return nil, function.NewArgErrorf(0, "element %s is null", i.AsBigFloat().Text('f', 0))
		}
		out = append(out, v)
	}
	return out, nil
}

// over is a function of a list, which a set or a tuple also is.
func over(doc string, element cty.Type, impl func([]cty.Value) (cty.Value, error)) function.Function {
	return function.New(&function.Spec{
		Description: doc,
		Params:      []function.Parameter{{Name: "list", Type: cty.List(element)}},
		Type:        function.StaticReturnType(element),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			list, err := elements(args[0])
			if err != nil {
				return cty.NilVal, err
			}
			return impl(list)
		},
	})
}

var sumFunc = over("sum(list) adds numbers.", cty.Number, func(list []cty.Value) (cty.Value, error) {
	total := cty.Zero
	for _, v := range list {
		total = total.Add(v)
	}
	return total, nil
})

var everyFunc = over("alltrue(list) is true if no element is false.", cty.Bool, func(list []cty.Value) (cty.Value, error) {
	for _, v := range list {
		if v.False() {
			return cty.False, nil
		}
	}
	return cty.True, nil
})

var someFunc = over("anytrue(list) is true if an element is.", cty.Bool, func(list []cty.Value) (cty.Value, error) {
	for _, v := range list {
		if v.True() {
			return cty.True, nil
		}
	}
	return cty.False, nil
})

// anyList takes lists, sets and tuples alike.
func anyList(name string) function.Parameter {
	return function.Parameter{Name: name, Type: cty.DynamicPseudoType}
}

// sequence lists the elements of an argument that may be a list, set or tuple.
func sequence(i int, v cty.Value) ([]cty.Value, error) {
	if ty := v.Type(); !ty.IsListType() && !ty.IsSetType() && !ty.IsTupleType() {
		return nil, function.NewArgErrorf(i, "a list is needed, but this is %s", ty.FriendlyName())
	}
	return v.AsValueSlice(), nil
}

var oneFunc = function.New(&function.Spec{
	Description: "one(list) is the only element of a list or set, null if there is none.",
	Params:      []function.Parameter{anyList("list")},
	Type: func(args []cty.Value) (cty.Type, error) {
		list, err := sequence(0, args[0])
		switch {
		case err != nil:
			return cty.NilType, err
		case len(list) > 1:
			return cty.NilType, function.NewArgErrorf(0, "it has %d elements, and one(…) takes one or none", len(list))
		case len(list) == 1:
			return list[0].Type(), nil
		case args[0].Type().IsTupleType():
			return cty.DynamicPseudoType, nil
		}
		return args[0].Type().ElementType(), nil
	},
	Impl: func(args []cty.Value, ty cty.Type) (cty.Value, error) {
		if list := args[0].AsValueSlice(); len(list) == 1 {
			return list[0], nil
		}
		return cty.NullVal(ty), nil
	},
})

var indexFunc = function.New(&function.Spec{
	Description: "index(list, value) is the place of a value in a list, from 0.",
	Params:      []function.Parameter{anyList("list"), {Name: "value", Type: cty.DynamicPseudoType, AllowNull: true}},
	Type:        function.StaticReturnType(cty.Number),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		list, err := sequence(0, args[0])
		if err != nil {
			return cty.NilVal, err
		}
		for i, v := range list {
			if equal, err := stdlib.Equal(v, args[1]); err == nil && equal.IsKnown() && equal.True() {
				return cty.NumberIntVal(int64(i)), nil
			}
		}
		return cty.NilVal, fmt.Errorf("the list does not have this value")
	},
})

var matchKeysFunc = function.New(&function.Spec{
	Description: "matchkeys(values, keys, wanted) keeps the values whose key, at the same place, is one of those wanted.",
	Params: []function.Parameter{
		{Name: "values", Type: cty.List(cty.DynamicPseudoType)},
		{Name: "keys", Type: cty.List(cty.DynamicPseudoType)},
		{Name: "wanted", Type: cty.List(cty.DynamicPseudoType)},
	},
	Type: func(args []cty.Value) (cty.Type, error) { return args[0].Type(), nil },
	Impl: func(args []cty.Value, ty cty.Type) (cty.Value, error) {
		values, keys, wanted := args[0].AsValueSlice(), args[1].AsValueSlice(), args[2].AsValueSlice()
		if len(values) != len(keys) {
			return cty.NilVal, fmt.Errorf("there are %d values, but %d keys", len(values), len(keys))
		}
		var kept []cty.Value
		for i, key := range keys {
			for _, w := range wanted {
				if equal, err := stdlib.Equal(key, w); err == nil && equal.IsKnown() && equal.True() {
					kept = append(kept, values[i])
					break
				}
			}
		}
		if len(kept) == 0 {
			return cty.ListValEmpty(ty.ElementType()), nil
		}
		return cty.ListVal(kept), nil
	},
})
